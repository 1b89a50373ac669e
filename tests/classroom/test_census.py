"""The census of 2018 is whole: what lesson 8 counts can be counted."""

from classroom.census import official_images


def test_images_share_layers_and_the_hub_keeps_each_once():
    images = official_images()
    piles = set(images.values())
    assert (len(images), len(piles)) == (3086, 976)
    assert round(sum(layer.size for pile in piles for layer in pile) / 1e9, 1) == 171.3
    assert round(sum(layer.size for layer in {layer for pile in piles for layer in pile}) / 1e9, 1) == 63.4
    assert images["debian:latest"] == images["debian:stretch"]
    assert images["httpd:latest"][0] != images["httpd:latest"][-1]
