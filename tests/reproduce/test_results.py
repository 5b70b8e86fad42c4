"""docs/results.md is what the records say."""

from __future__ import annotations

from pathlib import Path

from lecturekit import reproduce
from lecturekit.reproduce import Record, Run, results

DOCUMENT = Path(__file__).parents[2] / "docs" / "results.md"


def test_the_document_is_up_to_date():
    """`make results` renews it."""
    assert DOCUMENT.read_text(encoding="utf-8") == results.markdown(reproduce.EXPERIMENTS)


def shown(monkeypatch, record, experiment):
    """The document with this record alone."""
    monkeypatch.setattr(
        Record, "of_the_package", lambda name, pixels: record if pixels == record.pixels else None
    )
    return results.markdown((experiment,))


def test_ours_stands_beside_what_was_published(monkeypatch):
    record = Record(
        "pcd1", "nats", "sampled", 0, ["one", "another"], "a processor", date="2020-02-02"
    )
    for rate, validation, test in ((0.1, -130.0, -128.04), (0.3, -131.0, -120.0)):
        record.add(Run("PCD", rate, 64.0, 64.2, 70.0, 54321, validation, test), 30.0)
    record.add(Run("PCD", 0.1, 128.0, 128.2, 70.0, 99999, -133.0, -121.0), 30.0)
    text = shown(monkeypatch, record, reproduce.experiment("pcd1"))
    assert "## pcd1, fpcd1, sampled pixels" in text
    assert "a processor" in text
    assert "Commands: `one`, then `another`." in text
    assert "| PCD | −128.0 after 64 s | −129.2 after 8,780 s | −129.0 after 7,920 s |" in text
    assert "| PCD | 64.2 | 0.1 | 54,321 | −130.0 | −128.0 |" in text
    assert "−120" not in text
    assert "4.3 minutes of training, 1.5 of scoring" in text
    assert "Not recorded" not in text


def test_what_nobody_has_recorded_stands_with_its_command(monkeypatch):
    monkeypatch.setattr(Record, "of_the_package", lambda name, pixels: None)
    text = results.markdown((reproduce.experiment("pcd2"),))
    assert "## Not recorded yet" in text
    assert "`lecturekit reproduce pcd2 --device cuda`" in text


def test_where_two_sides_do_not_meet_both_stand(monkeypatch):
    record = Record("pcd2", "nats", "sampled", 0)
    record.add(Run("PCD", 0.1, 64.0, 64.2, 70.0, 54321, -90.0, -89.7, -90.0, -89.4), 30.0)
    record.add(Run("CD-1", 0.1, 64.0, 64.2, 70.0, 54321, -120.0, None, -119.0, -103.8), 30.0)
    text = shown(monkeypatch, record, reproduce.experiment("pcd2"))
    assert "| PCD | −89.7 ± 0.3 after 64 s | −85.4 after 61,147 s |" in text
    assert "| CD-1 | −119.0 to −103.8 after 64 s | −103.8 after 53,232 s |" in text
    assert "| CD-1 | 64.2 | 0.1 | 54,321 | −120.0 | −119.0 to −103.8 |" in text
    assert "meet within a nat" in text


def test_values_of_a_table_have_errors_and_no_times(monkeypatch):
    record = Record("gmmn", "nats", "grey", 0)
    record.add(Run("GMMN", 0.01, 64.0, 64.2, 70.0, 543, 150.0, 151.04, 149.0, 153.08), 30.0)
    text = shown(monkeypatch, record, reproduce.experiment("gmmn"))
    assert "| GMMN | 151.0 ± 2.0 after 64 s | 147.0 ± 2.0 |" in text
    assert "from memory" in text


def test_a_value_without_an_error_is_said_to_be_rough(monkeypatch):
    record = Record("dae", "nats", "thresholded", 0)
    record.add(Run("simple", 0.001, 64.0, 64.2, 70.0, 543, 50.0, 51.04, 49.0, 53.08), 30.0)
    text = shown(monkeypatch, record, reproduce.experiment("dae"))
    assert "| simple | 51.0 ± 2.0 after 64 s | ≈ 50 |" in text


def test_whatever_else_was_measured_has_a_table_of_its_own(monkeypatch):
    record = Record("cyclegan", "correlation", "colour", 0)
    for method, test, measures in (
        ("ours", -0.0456, {"error": 0.2, "distance": 12.34}),
        ("paper's", 0.5, {"error": 0.25}),
    ):
        run = Run(method, 2e-4, 32.0, 32.2, 40.0, 54, -7.0, test, measures=measures)
        record.add(run, 3.0)
    text = shown(monkeypatch, record, reproduce.experiment("cyclegan"))
    assert "## cyclegan, colour pixels" in text
    assert "| ours | −0.046 after 32 s |" in text
    assert "|  | ours, 32 s | paper's, 32 s |" in text
    assert "| error | 0.200 | 0.250 |" in text
    assert "| distance | 12.3 | – |" in text
    assert "no number for these scenes" in text


def test_what_was_never_published_has_no_column(monkeypatch):
    record = Record("dem", "nats", "grey", 0)
    record.add(Run("none", 0.01, 64.0, 64.2, 70.0, 543, 150.0, 151.04, 149.0, 153.08), 30.0)
    text = shown(monkeypatch, record, reproduce.experiment("dem"))
    assert "| method | ours |\n" in text
    assert "no number" in text
