"""Digits, patterns and MNIST: what they contain, what they refuse, how a bad download is mended."""

from __future__ import annotations

import bz2
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lecturekit import data
from lecturekit.data import known_files, mnist_files, usps_files
from tests.local_mirror import CORRUPT, GOOD, IMAGES, LABELS, TRUNCATED, Mirror


class TestDigits:
    def test_has_scikit_learns_images_between_0_and_1(self):
        images, labels = data.digits()
        assert images.shape == (1797, 8, 8)
        assert images.dtype == torch.float32
        assert (images.min(), images.max()) == (0, 1)
        assert labels.dtype == torch.int64
        assert labels.unique().tolist() == list(range(10))
        assert labels[:5].tolist() == [0, 1, 2, 3, 4]

    def test_the_first_are_for_training_and_the_last_for_tests(self):
        parts = [data.digits("train"), data.digits("test")]
        assert [len(part.labels) for part in parts] == [1437, 360]
        for together, whole in zip(zip(*parts, strict=True), data.digits(), strict=True):
            torch.testing.assert_close(torch.cat(together), whole)

    def test_another_split_is_refused(self):
        with pytest.raises(ValueError, match="all, train, test, got 'valid'"):
            data.digits("valid")

    def test_threshold_gives_binary_rows(self):
        images = torch.tensor([[[0.0, 0.5], [0.51, 1.0]]])
        assert data.threshold(images).tolist() == [[0, 0, 1, 1]]
        assert data.threshold(images, level=0.9).tolist() == [[0, 0, 0, 1]]

    @pytest.mark.parametrize(
        ("images", "level", "message"),
        [
            (torch.zeros(4, 4), 0.5, r"\(n, height, width\), got \(4, 4\)"),
            (torch.zeros(1, 4, 4), 1.0, r"level in \[0, 1\), got 1.0"),
        ],
    )
    def test_threshold_refuses(self, images, level, message):
        with pytest.raises(ValueError, match=message):
            data.threshold(images, level)


class TestBarsAndStripes:
    @given(st.integers(2, 6))
    def test_holds_every_uniform_row_or_column_image_once(self, side):
        rows = data.bars_and_stripes(side)
        images = rows.reshape(-1, side, side)
        stripe = (images == images[:, :, :1]).all(dim=2).all(dim=1)
        bar = (images == images[:, :1, :]).all(dim=2).all(dim=1)
        assert len(rows.unique(dim=0)) == len(rows) == 2 ** (side + 1) - 2
        assert (stripe | bar).all()
        assert stripe.sum() == bar.sum() == 2**side

    @pytest.mark.parametrize("side", [1, 0, 13])
    def test_refuses_other_sides(self, side):
        with pytest.raises(ValueError, match=rf"expected side in \[2, 12\], got {side}"):
            data.bars_and_stripes(side)


class TestHadamard:
    @given(st.integers(1, 7), st.data())
    def test_any_two_patterns_differ_in_half_of_the_bits(self, exponent, draw):
        n_bits = 2**exponent
        count = draw.draw(st.integers(1, n_bits))
        patterns = data.hadamard_patterns(n_bits, count)
        assert patterns.shape == (count, n_bits)
        distances = (patterns[:, None] != patterns).sum(dim=2)
        assert torch.equal(distances, n_bits // 2 * (1 - torch.eye(count, dtype=torch.long)))

    @pytest.mark.parametrize(
        ("n_bits", "count", "message"),
        [
            (12, 2, "power of two ≥ 2, got 12"),
            (1, 1, "expected n_bits ≥ 2, got 1"),
            (8, 9, "from 1 to n_bits = 8, got 9"),
        ],
    )
    def test_refuses(self, n_bits, count, message):
        with pytest.raises(ValueError, match=message):
            data.hadamard_patterns(n_bits, count)


class TestFlip:
    def test_draws_patterns_evenly_and_flips_each_bit_with_the_given_probability(self, generator):
        patterns = data.hadamard_patterns(32, 4)
        n, probability = 20_000, 0.03
        noisy = data.flip(patterns, n, probability, generator=generator)
        distances = (noisy[:, None] != patterns).sum(dim=2)  # (n, 4)
        nearest = distances.argmin(dim=1)
        flips = distances.min(dim=1).values.double()
        shares = nearest.bincount(minlength=4) / n
        # 5 standard errors of a share and of a flip rate over all bits
        assert (shares - 0.25).abs().max() < 5 * (0.25 * 0.75 / n) ** 0.5
        error = (probability * (1 - probability) / (32 * n)) ** 0.5
        assert abs(flips.mean() / 32 - probability) < 5 * error
        # independent bits: the count of flips has a binomial's variance, within 5 standard errors
        variance = 32 * probability * (1 - probability)
        assert abs(flips.var() - variance) < 5 * variance * (3 / n) ** 0.5

    def test_never_and_always(self, generator):
        pattern = torch.tensor([[1.0, 0.0, 1.0]])
        assert data.flip(pattern, 2, 0.0, generator=generator).tolist() == [[1, 0, 1]] * 2
        assert data.flip(pattern, 2, 1.0, generator=generator).tolist() == [[0, 1, 0]] * 2

    def test_same_seed_same_copies(self):
        patterns = data.bars_and_stripes(3)
        first, second = (
            data.flip(patterns, 50, 0.2, generator=torch.Generator().manual_seed(7))
            for _ in range(2)
        )
        assert torch.equal(first, second)

    @pytest.mark.parametrize(
        ("patterns", "n", "probability", "message"),
        [
            (torch.zeros(3), 1, 0.1, r"\(n_patterns, n_bits\), got \(3,\)"),
            (torch.zeros(0, 3), 1, 0.1, r"got \(0, 3\)"),
            (torch.full((1, 3), 0.5), 1, 0.1, "zeros and ones"),
            (torch.zeros(1, 3), 0, 0.1, "n ≥ 1"),
            (torch.zeros(1, 3), 1, 1.5, "expected probability"),
            (torch.zeros(1, 3), 1, float("nan"), "expected probability"),
        ],
    )
    def test_refuses(self, patterns, n, probability, message, generator):
        with pytest.raises(ValueError, match=message):
            data.flip(patterns, n, probability, generator=generator)


# ---------------------------------------------------------------------------------------- MNIST


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own, the checksums of the stand-in files, and no LECTUREKIT_DATA."""
    monkeypatch.setattr(known_files, "user_cache_path", lambda project: tmp_path / project)
    monkeypatch.delenv("LECTUREKIT_DATA", raising=False)
    return tmp_path / "lecturekit" / "mnist"


@pytest.fixture
def checksums(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in GOOD.items()}
    monkeypatch.setattr(mnist_files, "SHA256", digests)


@pytest.fixture
def serve() -> Iterator[Callable[..., Mirror]]:
    mirrors: list[Mirror] = []

    def start(files: dict[str, bytes], announce: int = 0) -> Mirror:
        mirrors.append(Mirror(files, announce))
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.close()


def write(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


class TestFetchingMnist:
    def test_fetched_files_are_found_and_read(self, checksums, serve, cache):
        assert not data.mnist_available()
        assert data.fetch_mnist(mirrors=[serve(GOOD).url]) == cache
        assert data.mnist_available()
        images, labels = data.mnist("test")
        assert images.dtype == torch.float32
        assert torch.equal(images, torch.tensor(IMAGES) / 255)
        assert labels.tolist() == LABELS.tolist()

    @pytest.mark.parametrize(
        ("files", "announce"),
        [({}, 0), (TRUNCATED, 0), (TRUNCATED, 1000), (CORRUPT, 0)],
        ids=["not there", "truncated", "connection broken off", "corrupt"],
    )
    def test_a_bad_mirror_is_passed_over_and_leaves_nothing(
        self, files, announce, checksums, serve, cache
    ):
        bad, good = serve(files, announce), serve(GOOD)
        data.fetch_mnist(mirrors=[bad.url, good.url])
        assert bad.requests == good.requests == list(GOOD)
        assert {path.name: path.read_bytes() for path in cache.iterdir()} == GOOD

    def test_when_all_mirrors_fail_it_says_what_each_answered(self, checksums, serve, cache):
        missing, corrupt = serve({}), serve(CORRUPT)
        with pytest.raises(data.MissingDataError) as refusal:
            data.fetch_mnist(mirrors=[missing.url, corrupt.url])
        assert "no mirror had a good copy of train-images" in str(refusal.value)
        assert f"{missing.url}: 404" in str(refusal.value)
        assert corrupt.url in str(refusal.value)
        assert "SHA256" in str(refusal.value)
        assert list(cache.iterdir()) == []

    def test_only_what_is_missing_or_damaged_is_downloaded_again(self, checksums, serve, cache):
        write(cache, GOOD)
        (cache / "t10k-labels-idx1-ubyte.gz").unlink()
        (cache / "train-labels-idx1-ubyte.gz").write_bytes(b"half of it")
        mirror = serve(GOOD)
        data.fetch_mnist(mirrors=[mirror.url])
        assert mirror.requests == ["train-labels-idx1-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
        assert {path.name: path.read_bytes() for path in cache.iterdir()} == GOOD

    def test_goes_to_the_folder_that_LECTUREKIT_DATA_names(
        self, checksums, serve, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("LECTUREKIT_DATA", str(tmp_path / "shared"))
        folder = data.fetch_mnist(mirrors=[serve(GOOD).url])
        assert folder == tmp_path / "shared" / "mnist"
        assert data.mnist_available()

    def test_files_can_be_read_by_whoever_may_read_the_folder(self, checksums, serve, cache):
        (cache.parent / "plain").parent.mkdir(parents=True, exist_ok=True)
        (cache.parent / "plain").touch()
        data.fetch_mnist(mirrors=[serve(GOOD).url])
        rights = {path.stat().st_mode for path in cache.iterdir()}
        assert rights == {(cache.parent / "plain").stat().st_mode}

    def test_offline_each_mirror_gets_a_line(self, checksums, serve):
        gone, empty = serve({}), serve({})
        gone.close()
        with pytest.raises(data.MissingDataError) as refusal:
            data.fetch_mnist(mirrors=[gone.url, empty.url])
        _, *lines = str(refusal.value).splitlines()
        assert lines == [f"  {gone.url}: no connection", f"  {empty.url}: 404 Not Found"]


@pytest.mark.usefixtures("checksums")
class TestReadingMnist:
    def test_absent_files_are_refused_with_both_ways_to_get_them(self, cache):
        with pytest.raises(data.MissingDataError) as refusal:
            data.mnist()
        assert isinstance(refusal.value, FileNotFoundError)
        for hint in (str(cache), "lecturekit fetch", "LECTUREKIT_DATA", "t10k-labels"):
            assert hint in str(refusal.value)

    @pytest.mark.parametrize("place", ["", "mnist"])
    def test_LECTUREKIT_DATA_may_be_the_folder_or_the_one_above(self, place, tmp_path, monkeypatch):
        write(tmp_path / "given" / place, GOOD)
        monkeypatch.setenv("LECTUREKIT_DATA", str(tmp_path / "given"))
        assert data.mnist().images.shape == (5, 28, 28)

    def test_LECTUREKIT_DATA_without_the_files_hides_the_cache(self, cache, tmp_path, monkeypatch):
        write(cache, GOOD)
        assert data.mnist_available()
        monkeypatch.setenv("LECTUREKIT_DATA", str(tmp_path / "none"))
        assert not data.mnist_available()

    @pytest.mark.parametrize(
        "content",
        [*(files["t10k-labels-idx1-ubyte.gz"] for files in (TRUNCATED, CORRUPT)),
         b"", b"<html>404</html>", GOOD["t10k-images-idx3-ubyte.gz"]],
        ids=["truncated", "corrupt", "empty", "an error page", "another of the four"],
    )  # fmt: skip
    def test_what_is_under_the_right_name_and_something_else_is_named(self, content, cache):
        write(cache, GOOD | {"t10k-labels-idx1-ubyte.gz": content})
        assert not data.mnist_available()
        (fault,) = data.mnist_faults()
        assert fault.startswith("t10k-labels-idx1-ubyte.gz is damaged, or another file")
        with pytest.raises(data.MissingDataError, match=r"t10k-labels.*`lecturekit fetch` puts"):
            data.mnist("train")

    def test_one_that_is_missing_is_named(self, cache):
        write(cache, GOOD)
        (cache / "train-images-idx3-ubyte.gz").unlink()
        with pytest.raises(
            data.MissingDataError, match=r"train-images-idx3-ubyte\.gz is missing\."
        ):
            data.mnist()

    def test_a_file_that_is_mended_is_looked_at_again(self, cache):
        write(cache, dict.fromkeys(GOOD, b""))
        assert not data.mnist_available()
        write(cache, GOOD)
        assert data.mnist_available()

    def test_an_unknown_split_is_refused(self):
        with pytest.raises(ValueError, match="expected split among train, test, got 'validation'"):
            data.mnist("validation")


@pytest.mark.mnist
def test_the_real_mnist(monkeypatch):
    monkeypatch.undo()  # the real folder
    train, test = data.mnist("train"), data.mnist("test")
    assert train.images.shape == (60_000, 28, 28)
    assert train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert train.images.mean().item() == pytest.approx(0.1307, abs=5e-5)
    assert test.labels.bincount().tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------- USPS


def as_text(labels: list[int], values: np.ndarray) -> bytes:
    """LIBSVM's format: labels from 1, values in [−1, 1]."""
    lines = (
        " ".join([str(label), *(f"{k}:{value:.4f}" for k, value in enumerate(row, 1))])
        for label, row in zip(labels, values, strict=True)
    )
    return bz2.compress("\n".join(lines).encode() + b"\n")


GRADIENT = np.linspace(-1, 1, 256)
SPLIT = {
    "usps.bz2": as_text([1, 10, 4], np.stack([GRADIENT, -GRADIENT, 0 * GRADIENT])),
    "usps.t.bz2": as_text([7], GRADIENT[None] ** 2),
}


@pytest.fixture
def usps_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of LECTUREKIT_DATA for files whose checksums are those of the stand-ins."""
    monkeypatch.setenv("LECTUREKIT_DATA", str(tmp_path / "given"))
    digests = {name: hashlib.md5(content).hexdigest() for name, content in SPLIT.items()}
    monkeypatch.setattr(usps_files, "SPLIT", digests)
    return tmp_path / "given" / "usps"


def write_whole(
    folder: Path, monkeypatch: pytest.MonkeyPatch, n: int = 50
) -> tuple[np.ndarray, ...]:
    """Images whose first pixel is their number; the label is its last digit."""
    (name,) = usps_files.WHOLE
    folder.mkdir(parents=True)
    images = np.zeros((n, 16, 16), np.uint8)
    images[:, 0, 0] = np.arange(n)
    labels = (np.arange(n) % 10).astype(np.uint8)
    np.savez(folder / name, images=images, labels=labels)
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    monkeypatch.setattr(usps_files, "WHOLE", {name: digest})
    return images, labels


class TestUSPS:
    @pytest.mark.parametrize("place", [".", ".."])
    def test_reads_the_two_files_of_libsvm(self, usps_folder, place):
        write(usps_folder / place, SPLIT)
        images, labels = data.usps("train")
        assert (images.shape, images.dtype, labels.dtype) == (
            (3, 16, 16),
            torch.float32,
            torch.int64,
        )
        assert labels.tolist() == [0, 9, 3]
        ramp = torch.linspace(0, 1, 256).reshape(16, 16)
        assert torch.allclose(images, torch.stack([ramp, 1 - ramp, 0 * ramp + 0.5]), atol=1e-4)
        test = data.usps("test")
        assert torch.allclose(test.images[0], ((2 * ramp - 1) ** 2 + 1) / 2, atol=1e-4)
        assert test.labels.tolist() == [6]

    def test_splits_the_set_that_has_no_split_always_alike(self, usps_folder, monkeypatch):
        images, _ = write_whole(usps_folder, monkeypatch)
        train, test = data.usps("train"), data.usps("test")
        assert (len(train.labels), len(test.labels)) == (40, 10)
        together = torch.cat([train.images, test.images])[:, 0, 0] * 255
        assert together.round().sort().values.tolist() == list(range(len(images)))
        for part in (train, test):
            assert ((part.images[:, 0, 0] * 255).round() % 10 == part.labels).all()
        assert len(set(test.labels.tolist())) > 3
        assert torch.equal(data.usps("test").images, test.images)

    def test_the_set_with_its_own_split_goes_first(self, usps_folder, monkeypatch):
        write_whole(usps_folder, monkeypatch)
        write(usps_folder, SPLIT)
        assert len(data.usps("train").labels) == 3

    def test_absent_files_are_refused_in_a_sentence_that_says_where_they_come_from(
        self, usps_folder
    ):
        with pytest.raises(data.MissingDataError) as refusal:
            data.usps()
        for hint in (str(usps_folder), "usps.bz2 and usps.t.bz2", "LIBSVM", "LECTUREKIT_DATA"):
            assert hint in str(refusal.value)
        assert str(refusal.value).count(". ") == 0

    def test_damaged_files_and_a_missing_one_are_named(self, usps_folder, monkeypatch):
        write(usps_folder, {"usps.bz2": SPLIT["usps.bz2"][:-9]})
        with pytest.raises(
            data.MissingDataError, match=r"usps\.bz2 is damaged.*MD5.*usps\.t\.bz2 is missing"
        ):
            data.usps("test")

    def test_a_damaged_whole_is_named(self, usps_folder, monkeypatch):
        write_whole(usps_folder, monkeypatch)
        (file,) = usps_folder.iterdir()
        file.write_bytes(file.read_bytes()[:-1])
        with pytest.raises(data.MissingDataError, match=r"npz is damaged.*SHA256 is not USPS's"):
            data.usps("test")

    def test_an_unknown_split_is_refused(self):
        with pytest.raises(ValueError, match="expected split among train, test, got 'validation'"):
            data.usps("validation")


@pytest.mark.mnist
def test_the_real_usps(monkeypatch):
    monkeypatch.undo()  # the real folder
    try:
        train, test = data.usps("train"), data.usps("test")
    except data.MissingDataError as missing:
        pytest.skip(str(missing))
    assert (len(train.labels), len(test.labels)) in [(7291, 2007), (8800, 2200)]
    for images, labels in (train, test):
        assert images.shape == (len(labels), 16, 16)
        assert labels.unique().tolist() == list(range(10))
        assert 0.2 < images.mean() < 0.3
        ones, zeros = (images[labels == digit].mean(0) for digit in (1, 0))
        assert ones[8, 7:9].mean() > 0.8 > 0.2 > zeros[8, 7:9].mean()  # upright and white on black
