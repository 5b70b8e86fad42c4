__version__ = "0.1.0"
REPOSITORY = ""  # where the project is published; `make published REPOSITORY=…` enters it
