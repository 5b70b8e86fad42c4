"""The page of what was tried where."""

from __future__ import annotations

from tests.tested import HEAD, PAGE, entered, here


def row(python: str, torch: str, tests: str = "3 passed") -> list[str]:
    return [python, torch, "a chip, Linux", "jupyterlab 4.6.6", tests, "2026-11-30"]


def test_the_newest_outcome_counts_and_others_stay():
    page = entered(HEAD, row("3.9.1", "2.6.0"))
    page = entered(page, row("3.13.0", "2.15.0", "2 passed, 1 failed"))
    page = entered(page, row("3.13.0", "2.15.0"))
    lines = page.removeprefix(HEAD).splitlines()
    assert [line.split(" | ")[0] for line in lines] == ["| 3.13.0", "| 3.9.1"]
    assert "failed" not in page
    assert entered(page, row("3.13.0", "2.15.0")) == page


def test_the_page_is_as_it_was_written_and_has_no_failure():
    page = PAGE.read_text(encoding="utf-8")
    assert page.startswith(HEAD)
    rows = page.removeprefix(HEAD).splitlines()
    assert rows
    assert all(len(line.split("|")) == len(here()) + 4 for line in rows)
    assert " failed" not in page.removeprefix(HEAD)
