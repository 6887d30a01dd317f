"""Small PNG files: pictures of pages have few colours, so each pixel is a number in a palette."""

from __future__ import annotations

import base64
import struct
import zlib

from playwright.sync_api import Page

# Takes a PNG, and returns its size, the 256 colours that are most frequent, and of each pixel the nearest of them.
_COUNT = """async png => {
  const bitmap = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), draw = canvas.getContext("2d");
  draw.drawImage(bitmap, 0, 0);
  const pixels = draw.getImageData(0, 0, bitmap.width, bitmap.height).data;
  const count = new Map();
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = pixels[i] << 16 | pixels[i + 1] << 8 | pixels[i + 2];
    count.set(colour, (count.get(colour) || 0) + 1);
  }
  const palette = [...count].sort((a, b) => b[1] - a[1]).slice(0, 256).map(each => each[0]);
  const part = (colour, shift) => colour >> shift & 255;
  const distance = (a, b) => [0, 8, 16].reduce((sum, shift) => sum + (part(a, shift) - part(b, shift)) ** 2, 0);
  const number = new Map(palette.map((colour, i) => [colour, i]));
  for (const colour of count.keys()) if (!number.has(colour)) {
    let best = 0;
    palette.forEach((other, i) => { if (distance(colour, other) < distance(colour, palette[best])) best = i; });
    number.set(colour, best);
  }
  const indexes = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < indexes.length; i++)
    indexes[i] = number.get(pixels[4 * i] << 16 | pixels[4 * i + 1] << 8 | pixels[4 * i + 2]);
  const reader = new FileReader();
  const text = await new Promise(done => {
    reader.onload = () => done(reader.result);
    reader.readAsDataURL(new Blob([indexes]));
  });
  return {width: bitmap.width, height: bitmap.height, palette, indexes: text.split(",")[1]};
}"""


def small(png: bytes, workshop: Page) -> bytes:
    """Return a picture with at most 256 colours; `workshop` is an empty page, in which they are counted."""
    found = workshop.evaluate(_COUNT, base64.b64encode(png).decode())
    width, height, pixels = found["width"], found["height"], base64.b64decode(found["indexes"])
    rows = b"".join(b"\0" + pixels[row * width : (row + 1) * width] for row in range(height))
    palette = b"".join(colour.to_bytes(3, "big") for colour in found["palette"])
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0),
        b"PLTE": palette,
        b"IDAT": zlib.compress(rows, 9),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in parts.items())


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
