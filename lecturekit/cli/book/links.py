"""The links of a site, followed: each must lead to a page, a file or a place that there is."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []  # without a click

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if "href" in given:
            self.links.append(given["href"])
            if tag == "link" and given.get("rel") in ("stylesheet", "icon", "preload"):
                self.loaded.append(given["href"])
        if "src" in given:
            self.links.append(given["src"])
            self.loaded.append(given["src"])


def broken(site: Path) -> list[str]:
    """A line for each link to nowhere, and for each thing that a page would fetch from elsewhere.

    Addresses in the web are left alone: what a reader clicks on may leave the machine.

    Args:
        site: a folder of pages.
    """
    pages = {path.resolve(): _read(path) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site.resolve())}: {complaint}"
        for path, page in pages.items()
        for complaint in _complaints(path, page, pages)
    ]


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _complaints(path: Path, page: _Page, pages: dict[Path, _Page]) -> Iterator[str]:
    yield from (f"fetches {link}" for link in page.loaded if _is_elsewhere(link))
    for link in page.links:
        address = urlsplit(link)
        if address.scheme or address.netloc:
            continue
        goal = (path.parent / unquote(address.path)).resolve() if address.path else path
        goal = goal / "index.html" if goal.is_dir() else goal
        if not goal.exists():
            yield f"{link} leads nowhere"
        elif goal in pages and unquote(address.fragment) not in {"", *pages[goal].places}:
            yield f"{link} has no such place"


def _is_elsewhere(link: str) -> bool:
    address = urlsplit(link)
    return address.scheme not in ("", "data") or bool(address.netloc)
