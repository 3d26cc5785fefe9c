"""Compression of responses: whole ones by Flask-Compress, streamed pages part by part.

Flask-Compress holds a streamed page's first part back until the second has come, so streamed pages
are compressed here: each part is flushed, so that the shell reaches the browser at once.
"""

import zlib
from collections.abc import Iterable, Iterator

from flask import Flask, Response, request
from flask_compress import Compress
from werkzeug.wsgi import ClosingIterator

LEVEL = 6  # lower levels save hardly any time, and their output is larger (pages of 250 KB)
GZIP = 16 + zlib.MAX_WBITS  # gzip: RFC 1952's header and checksum around the stream


def init_app(app: Flask) -> None:
    """Compress responses where the browser accepts it."""
    app.config["COMPRESS_REGISTER"] = False
    whole = Compress(app)

    @app.after_request
    def compress(response: Response) -> Response:
        response.vary.add("Accept-Encoding")
        if response.is_streamed and response.mimetype == "text/html":
            return streamed(response)
        if response.is_streamed and response.status_code == 200:
            response.direct_passthrough = False
            response.make_sequence()  # a file: it is small, and Flask-Compress would not close it
        if not any(quality > 0 for _, quality in request.accept_encodings):
            return response  # Flask-Compress would take ``gzip;q=0`` as a request for gzip
        smaller: Response = whole.after_request(response)
        return smaller


def streamed(response: Response) -> Response:
    """Compress a page that is still being written, if the browser takes gzip (RFC 9110 12.5.3)."""
    response.headers["X-Accel-Buffering"] = "no"  # because nginx would wait for the whole page
    if request.accept_encodings.quality("gzip") <= 0 or "Content-Encoding" in response.headers:
        return response
    response.headers["Content-Encoding"] = "gzip"
    parts = response.iter_encoded()
    response.response = ClosingIterator(gzip_parts(parts), getattr(parts, "close", None))
    return response


def gzip_parts(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield one gzip stream; the parts sent so far can always be decompressed in full."""
    stream = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)
    for part in parts:
        yield stream.compress(part) + stream.flush(zlib.Z_SYNC_FLUSH)
    yield stream.flush()
