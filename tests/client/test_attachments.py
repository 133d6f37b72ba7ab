"""Images and files: what they are, how large they may be, and where they may come from."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.client.attachments import FILE_BYTES, IMAGE_BYTES, afile, aimage, document_type, file, image, image_type
from aiapp.client.download import DownloadFailed, download, is_public
from aiapp.core.errors import InvalidInput
from aiapp.core.parts import File, Image

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
KINDS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0 rest",
    "image/gif": b"GIF89a rest",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
}


@pytest.mark.parametrize(("media_type", "data"), KINDS.items())
def test_an_image_is_known_by_its_first_bytes(media_type: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(data)
    assert image(data) == image(path) == image(str(path)) == Image(media_type, data)


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"BM bitmap", b"RIFF\0\0\0\0WAVE", b"%PDF-1.7"])
def test_what_is_no_image_is_refused_whatever_its_name(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(data)
    with pytest.raises(InvalidInput, match=r"picture\.png.*JPEG, PNG, GIF or WebP"):
        image(path)


@given(st.binary(max_size=40))
def test_any_bytes_have_a_type_or_none(data: bytes) -> None:
    assert image_type(data) in {None, *KINDS}
    assert document_type(data, None) in {None, "application/pdf", "text/plain"}


def test_files_are_pdf_or_text(tmp_path: Path) -> None:
    notes = tmp_path / "notes.csv"
    notes.write_text("a,b\n1,2\n")
    assert file(notes) == File("text/csv", "notes.csv", b"a,b\n1,2\n")
    assert file(b"%PDF-1.7 ...", name="x.txt") == File("application/pdf", "x.txt", b"%PDF-1.7 ...")
    assert file("grüße".encode()) == File("text/plain", "file", "grüße".encode())
    assert file(b"PK\3\4 zip", media_type="application/zip").media_type == "application/zip"
    with pytest.raises(InvalidInput, match="use image"):
        file(PNG)
    with pytest.raises(InvalidInput, match="a PDF or UTF-8 text"):
        file(b"PK\3\4\xff", name="report.pdf")


def test_sizes_are_bounded(tmp_path: Path) -> None:
    assert IMAGE_BYTES * 4 // 3 == 5_000_000
    assert FILE_BYTES > IMAGE_BYTES
    path = tmp_path / "large.png"
    path.write_bytes(PNG + b"\0" * 100)
    assert image(path, max_bytes=200).data == path.read_bytes()
    for source in (path, path.read_bytes()):
        with pytest.raises(InvalidInput, match="at most 100 bytes"):
            image(source, max_bytes=100)


@pytest.mark.parametrize("source", ["nowhere/at/all.png", ".", "nul\0byte"])
def test_a_path_that_cannot_be_read_is_named(source: str) -> None:
    with pytest.raises(InvalidInput, match="path"):
        image(source)


def test_a_url_is_passed_on_and_nothing_is_fetched() -> None:
    assert image("https://example.com/cat.png?x=1") == Image("image/png", url="https://example.com/cat.png?x=1")
    assert image("https://example.com/cat").media_type == "image/*"
    assert file("https://example.com/a%20b.pdf") == File(
        "application/pdf", "a b.pdf", url="https://example.com/a%20b.pdf"
    )


@pytest.mark.parametrize(
    "url", ["ftp://example.com/a.png", "file:///etc/passwd", "https://", "gopher://x", "http://[::1/a.png"]
)
def test_only_http_urls_are_taken(url: str) -> None:
    for fetch in (False, True):
        with pytest.raises(InvalidInput, match="url"):
            image(url, fetch=fetch)


class Site(BaseHTTPRequestHandler):
    """A picture, a moved picture, a loop, something large, something slow."""

    def do_GET(self) -> None:
        pages: dict[str, tuple[int, dict[str, str], bytes]] = {
            "/moved.png": (302, {"Location": "/cat.png"}, b""),
            "/loop": (302, {"Location": "/loop"}, b""),
            "/away": (302, {"Location": "file:///etc/passwd"}, b""),
            "/inside": (302, {"Location": f"http://{self.headers['Host']}/cat.png"}, b""),
            "/cat.png": (200, {}, PNG),
            "/gr%C3%BC%C3%9Fe.png": (200, {}, PNG),
            "/notes.txt?token=SECRETSECRET": (200, {}, b"notes"),
            "/short": (200, {"Content-Length": "1000"}, PNG),
            "/drip": (200, {}, b""),
        }
        status, headers, body = pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        try:
            while self.path == "/drip":
                self.wfile.write(b"x")
                time.sleep(0.02)
        except OSError:
            pass

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Generator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_is_fetched_where_that_is_asked_for(site: str) -> None:
    for path in ("/cat.png", "/moved.png", "/grüße.png"):
        assert image(site + path, fetch=True, allow_private=True) == Image("image/png", PNG)
    with pytest.raises(InvalidInput, match="PDF or UTF-8"):
        file(site + "/cat.png", fetch=True, allow_private=True)


def test_the_async_twins_do_the_same_and_many_at_once(site: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("notes")

    async def work() -> list[Image | File]:
        fetched = (aimage(site + one, fetch=True, allow_private=True) for one in ("/cat.png", "/moved.png"))
        return [*await asyncio.gather(*fetched), await aimage(PNG), await afile(path)]

    assert asyncio.run(work()) == [Image("image/png", PNG)] * 3 + [file(path)]


def test_a_slow_server_does_not_hold_up_the_event_loop(site: str) -> None:
    async def work() -> int:
        task, turns = asyncio.create_task(aimage(site + "/drip", fetch=True, allow_private=True, timeout=0.5)), 0
        while not task.done():
            turns += 1
            await asyncio.sleep(0.01)
        with pytest.raises(DownloadFailed, match="took too long"):
            await task
        return turns

    assert asyncio.run(work()) > 3


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/none", "answered 404"),
        ("/loop", "more than 5 redirects"),
        ("/short", "broke off"),
        ("/drip", "took too long"),
    ],
)
def test_what_cannot_be_fetched_is_named(site: str, path: str, reason: str) -> None:
    began = time.monotonic()
    with pytest.raises(DownloadFailed, match=reason):
        download(site + path, max_bytes=10_000, timeout=0.3, allow_private=True)
    assert time.monotonic() - began < 5


def test_a_download_is_bounded(site: str) -> None:
    with pytest.raises(DownloadFailed, match="more than 10 bytes"):
        image(site + "/cat.png", fetch=True, allow_private=True, max_bytes=10)
    with pytest.raises(InvalidInput, match="http or https"):
        download(site + "/away", max_bytes=10, allow_private=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_private_address_is_refused(site: str, host: str) -> None:
    port = site.rpartition(":")[2]
    with pytest.raises(DownloadFailed, match="not public"):
        image(f"http://{host}:{port}/cat.png", fetch=True)


def test_a_redirect_to_a_private_address_is_refused(site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first address is taken for a public one; the one that it redirects to is the site's own."""
    from aiapp.client import download as module

    seen: list[str] = []

    def first_is_public(address: str) -> bool:
        seen.append(address)
        return len(seen) == 1

    monkeypatch.setattr(module, "is_public", first_is_public)
    with pytest.raises(DownloadFailed, match="not public"):
        download(site + "/inside", max_bytes=100)
    assert len(seen) == 2


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "::",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:0:a00:1::f5ff:fffe",  # Teredo
        "64:ff9b::a00:1",
        "64:ff9b:1::a00:1",
        "64:ff9b:1::808:808",
        "fec0::1",
        "::10.0.0.1",
        "::a9fe:a9fe",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "::ffff:0:a9fe:a9fe",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:hunter2@127.0.0.1:9/x?token=SECRETSECRET",
        "http://user:hunter2@h:port/x?token=SECRETSECRET",
        "ftp://user:hunter2@h/x?token=SECRETSECRET",
    ],
)
def test_a_failed_download_shows_neither_password_nor_query(url: str) -> None:
    with pytest.raises((DownloadFailed, InvalidInput)) as raised:
        image(url, fetch=True)
    told = f"{raised.value!r} {vars(raised.value)}"
    assert "hunter2" not in told
    assert "SECRET" not in told


def test_what_is_no_image_is_named_without_its_query(site: str) -> None:
    with pytest.raises(InvalidInput, match=r"/notes\.txt'") as raised:
        image(f"{site}/notes.txt?token=SECRETSECRET", fetch=True, allow_private=True)
    assert "SECRET" not in str(raised.value)
