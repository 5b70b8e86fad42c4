"""JupyterHub for a class: a container for each student, with limits. See server.md beside it.

jupyterhub --config docs/jupyterhub_config.py
"""

c = get_config()  # noqa: F821, JupyterHub's

c.JupyterHub.spawner_class = "docker"
c.DockerSpawner.image = "lecturekit"  # as repo2docker has built it
c.DockerSpawner.remove = True
c.DockerSpawner.notebook_dir = "/home/jovyan/my-notebooks"
# A new volume begins with what the image has there: the copy that postBuild made.
c.DockerSpawner.volumes = {"lecturekit-{username}": "/home/jovyan/my-notebooks"}

# What a student's container may take, and what it is sure of; server.md has what was measured.
c.Spawner.mem_limit = "1G"
c.Spawner.mem_guarantee = "512M"
c.Spawner.cpu_limit = 1.0
c.Spawner.cpu_guarantee = 0.1
c.Spawner.environment = {"LECTUREKIT_SHARE": "0.25", "OMP_NUM_THREADS": "1"}

# A server that nobody uses for an hour is ended: its student's notebooks stay in the volume.
c.JupyterHub.services = [
    {"name": "idle", "command": ["python3", "-m", "jupyterhub_idle_culler", "--timeout=3600"]}
]
c.JupyterHub.load_roles = [
    {
        "name": "idle",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["idle"],
    }
]
