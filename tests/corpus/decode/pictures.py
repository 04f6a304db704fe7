"""Prints pictures as JSON: their name, and their bytes in base64. For make.mjs; made with Pillow 13."""

import base64
import io
import json

import PIL
from PIL import Image


def saved(mode, format, **options):
    out = io.BytesIO()
    Image.new(mode, (24, 10), 1).save(out, format, **options)
    return base64.b64encode(out.getvalue()).decode()


pictures = {
    "png": saved("RGBA", "PNG"),
    "jpeg": saved("RGB", "JPEG", progressive=True),
    "gif": saved("P", "GIF"),
    "webp": saved("RGB", "WEBP"),
    "webp_lossless": saved("RGBA", "WEBP", lossless=True),
    "bmp": saved("RGB", "BMP"),
}
print(json.dumps({"version": PIL.__version__, "pictures": pictures}))
