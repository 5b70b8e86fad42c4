"""Folders of pictures: as phones, scanners and editors save them, whole or damaged."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from lecturekit import data
from lecturekit.data import image_file
from lecturekit.data.image_folder import FEW, PARTS

SIDE = 8


@pytest.fixture
def folder(tmp_path):
    """CycleGAN's layout, with as many images as raise no warning."""
    for rank, name in enumerate(PARTS):
        (tmp_path / name).mkdir()
        for n in range(FEW):
            Image.new("RGB", (40, 20 + rank), (255, 51 * rank, 0)).save(
                tmp_path / name / f"{n:02d}.png"
            )
    return tmp_path


def read(tmp_path, image, name="picture.png", framing="crop", **how):
    """A picture that is alone in its folder, as it is read."""
    image.save(tmp_path / name, **how)
    (pixels,) = data.pictures(tmp_path, side=SIDE, framing=framing)
    return pixels


class TestImageFolder:
    def test_reads_images_of_any_size_in_order(self, folder):
        Image.new("L", (7, 90), 51).save(folder / "trainA" / "0.jpg")
        (folder / "trainA" / "notes.txt").write_text("not an image")
        (folder / "trainA" / "._0.jpg").write_bytes(b"what macOS leaves beside an image")
        pairs = data.image_folder(folder, side=SIDE)
        assert pairs.x_train.shape == (FEW + 1, 3, SIDE, SIDE)
        assert pairs.x_train[0].mean().item() == pytest.approx(0.2, abs=0.01)
        assert pairs.y_train[0, :, 0, 0].tolist() == pytest.approx([1, 0.2, 0])
        assert pairs.y_test[0, 1, 0, 0].item() == pytest.approx(0.6)
        assert not pairs.paired_tests

    def test_names_what_is_damaged_and_goes_on(self, folder):
        whole = (folder / "trainB" / "01.png").read_bytes()
        (folder / "trainB" / "a.png").write_bytes(b"\x89PNG broken")
        (folder / "trainB" / "b.png").write_bytes(whole[:-30])
        with pytest.warns(UserWarning, match=r"(?s)trainB, not readable: a\.png.*b\.png"):
            pairs = data.image_folder(folder, side=SIDE)
        assert len(pairs.y_train) == FEW

    def test_ten_images_are_enough_with_a_warning(self, folder):
        for n in range(10, FEW):
            (folder / "trainB" / f"{n:02d}.png").unlink()
        with pytest.warns(UserWarning, match="10 in trainB"):
            assert len(data.image_folder(folder, side=SIDE).y_train) == 10

    def test_refuses_a_folder_that_is_not_there_or_empty(self, folder):
        for image in (folder / "testB").iterdir():
            image.unlink()
        with pytest.raises(data.MissingDataError, match="testB has no image"):
            data.image_folder(folder, side=SIDE)
        (folder / "testB").rmdir()
        with pytest.raises(data.MissingDataError, match=r"expected a folder .*testB"):
            data.image_folder(folder, side=SIDE)

    @pytest.mark.parametrize(
        ("how", "message"),
        [
            ({"side": 3}, "side ≥ 4, got 3"),
            ({"side": 17}, "even side, got 17: take 18"),
            ({"side": 8, "framing": "stretch"}, "expected framing among crop, pad, got 'stretch'"),
        ],
    )
    def test_refuses(self, folder, how, message):
        with pytest.raises(ValueError, match=message):
            data.image_folder(folder, **how)


class TestPictures:
    def test_are_read_as_those_of_two_domains(self, folder):
        images = data.pictures(folder / "trainA", side=SIDE)
        assert torch.equal(images, data.image_folder(folder, side=SIDE).x_train)
        with pytest.raises(data.MissingDataError, match=r"expected a folder .*elsewhere$"):
            data.pictures(folder / "elsewhere", side=SIDE)
        with pytest.raises(data.MissingDataError, match="has no image"):
            data.pictures(folder, side=SIDE)  # no image in it, only folders

    def test_an_odd_side_is_fine(self, tmp_path):
        Image.new("L", (9, 9), 255).save(tmp_path / "white.png")
        assert data.pictures(tmp_path, side=7).shape == (1, 3, 7, 7)

    def test_the_middle_is_taken_or_all_of_it_on_white(self, tmp_path):
        pixels = np.zeros((10, 30, 3), np.uint8)
        pixels[:, 10:20] = 200
        image = Image.fromarray(pixels)
        assert read(tmp_path, image).min() > 0.7
        padded = read(tmp_path, image, framing="pad")
        assert (padded[:, [0, -1]] == 1).all()
        assert padded[:, SIDE // 2, 0].max() < 0.1

    def test_it_stands_as_the_camera_was_held(self, tmp_path):
        pixels = np.zeros((20, 20), np.uint8)
        pixels[:10] = 255
        exif = Image.Exif()
        exif[0x0112] = 6  # turn it a quarter clockwise: what was on top is at the right
        picture = read(tmp_path, Image.fromarray(pixels), "p.jpg", exif=exif, quality=95)
        assert picture[:, :, -1].min() > 0.9
        assert picture[:, :, 0].max() < 0.1

    @pytest.mark.parametrize(
        ("values", "name"),
        [
            (np.full((9, 9), 32768, np.uint16), "p.png"),
            (np.full((9, 9), 32768, np.int32), "p.tif"),
            (np.full((9, 9), 0.5, np.float32), "p.tif"),
            (np.full((9, 9), 127.5, np.float32), "p.tif"),
        ],
        ids=["16 bit", "32 bit", "shares", "float bytes"],
    )
    def test_grey_of_many_bits_is_neither_black_nor_white(self, tmp_path, values, name):
        picture = read(tmp_path, Image.fromarray(values), name)
        assert picture.mean().item() == pytest.approx(0.5, abs=0.01)

    def test_what_is_no_grey_value_is_named(self, tmp_path):
        Image.new("L", (9, 9)).save(tmp_path / "good.png")
        Image.fromarray(np.full((9, 9), np.nan, np.float32)).save(tmp_path / "nan.tif")
        with pytest.warns(UserWarning, match=r"nan\.tif \(grey values below 0, or not finite"):
            assert len(data.pictures(tmp_path, side=SIDE)) == 1

    @pytest.mark.parametrize("mode", ["RGBA", "LA"])
    def test_what_is_transparent_is_white(self, tmp_path, mode):
        picture = read(tmp_path, Image.new(mode, (9, 9), 0))
        assert (picture == 1).all()

    def test_a_transparent_colour_of_a_palette_is_white(self, tmp_path):
        image = Image.new("P", (9, 9), 0)
        image.putpalette([10, 20, 30])
        assert (read(tmp_path, image, "p.gif", transparency=0) == 1).all()

    def test_print_colours_and_the_first_frame(self, tmp_path):
        cyan = read(tmp_path, Image.new("CMYK", (9, 9), (255, 0, 0, 0)), "p.jpg", quality=95)
        assert cyan.mean((1, 2)).tolist() == pytest.approx([0, 1, 1], abs=0.05)
        (tmp_path / "p.jpg").unlink()
        frames = [Image.new("L", (9, 9), grey) for grey in (255, 0)]
        first = read(tmp_path, frames[0], "p.gif", save_all=True, append_images=frames[1:])
        assert (first == 1).all()

    def test_large_photographs_are_reduced_while_decoding(self, tmp_path, monkeypatch):
        decoded, fit = [], image_file.ImageOps.fit

        def fitted(image, *to):
            decoded.append(image.size)
            return fit(image, *to)

        monkeypatch.setattr(image_file.ImageOps, "fit", fitted)
        read(tmp_path, Image.new("RGB", (640, 480)), "p.jpg")
        assert decoded == [(80, 60)]

    def test_more_pixels_than_a_phone_makes_are_named(self, tmp_path, monkeypatch):
        monkeypatch.setattr(image_file, "LARGEST", 100)
        Image.new("L", (9, 9)).save(tmp_path / "small.png")
        Image.new("L", (11, 11)).save(tmp_path / "large.png")
        usual = Image.MAX_IMAGE_PIXELS
        with pytest.warns(UserWarning, match=r"large\.png \(more than 100 pixels\)"):
            assert len(data.pictures(tmp_path, side=SIDE)) == 1
        assert usual == Image.MAX_IMAGE_PIXELS

    def test_heic_is_named_with_what_to_do(self, tmp_path):
        Image.new("L", (9, 9)).save(tmp_path / "good.png")
        (tmp_path / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
        with pytest.warns(UserWarning, match=r"IMG_1\.HEIC \(HEIC: save it as JPEG\)"):
            assert len(data.pictures(tmp_path, side=SIDE)) == 1
