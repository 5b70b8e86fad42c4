"""Every way in which a link can lead nowhere is found, and no good one is."""

from __future__ import annotations

import pytest

from lecturekit.cli.book.links import broken


def site(folder, body):
    (folder / "more").mkdir()
    (folder / "more" / "b.html").write_text('<h2 id="there">B</h2><a href="../a.html#here">a</a>')
    (folder / "picture.png").touch()
    (folder / "a.html").write_text(f'<p id="here">A</p>{body}')
    return broken(folder)


@pytest.mark.parametrize(
    "body",
    [
        '<a href="more/b.html#there">b</a>',
        '<a href="#here">a</a>',
        '<a href="#">top</a>',
        '<img src="picture.png"><img src="data:image/png;base64,AA">',
        '<a href="https://example.org/x#y">the web, on a click</a>',
        '<link rel="stylesheet" href="picture.png?v=1">',
    ],
)
def test_a_good_link_is_none_of_them(body, tmp_path):
    assert site(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ('<a href="c.html">c</a>', "c.html leads nowhere"),
        ('<a href="more/b.html#nowhere">b</a>', "more/b.html#nowhere has no such place"),
        ('<a href="#nowhere">a</a>', "#nowhere has no such place"),
        ('<img src="other.png">', "other.png leads nowhere"),
        ('<img src="https://example.org/x.png">', "fetches https://example.org/x.png"),
        ('<script src="//example.org/x.js"></script>', "fetches //example.org/x.js"),
        ('<link rel="stylesheet" href="https://example.org/x">', "fetches https://example.org/x"),
    ],
)
def test_a_bad_one_is_a_line(body, complaint, tmp_path):
    assert site(tmp_path, body) == [f"a.html: {complaint}"]
