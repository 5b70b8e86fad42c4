"""docs/results.md is what the records say."""

from __future__ import annotations

from pathlib import Path

from lecturekit import reproduce
from lecturekit.reproduce import Record, Run, results

DOCUMENT = Path(__file__).parents[2] / "docs" / "results.md"


def test_the_document_is_up_to_date():
    """`make results` renews it."""
    assert DOCUMENT.read_text(encoding="utf-8") == results.markdown(reproduce.EXPERIMENTS)


def test_ours_stands_beside_what_was_published(monkeypatch):
    record = Record("pcd1", "nats", "sampled", 0, "the command", "a processor", date="2020-02-02")
    for rate, validation, test in ((0.1, -130.0, -128.04), (0.3, -131.0, -120.0)):
        record.add(Run("PCD", rate, 64.0, 64.2, 70.0, 54321, validation, test), 30.0)
    record.add(Run("PCD", 0.1, 128.0, 128.2, 70.0, 99999, -133.0, -121.0), 30.0)
    monkeypatch.setattr(
        Record, "of_the_package", lambda name, pixels: record if pixels == "sampled" else None
    )
    text = results.markdown(reproduce.EXPERIMENTS[:1])
    assert "## pcd1, fpcd1, sampled pixels" in text
    assert "a processor" in text
    assert "`the command`" in text
    assert "| PCD | −128.0 after 64 s | −129.2 after 8,780 s | −129.0 after 7,920 s |" in text
    assert "| PCD | 64.2 | 0.1 | 54,321 | −130.0 | −128.0 |" in text
    assert "−120" not in text
    assert "4.3 minutes of training, 1.5 of scoring" in text
