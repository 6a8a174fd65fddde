"""Names the kind of a file that is not a session, by its first bytes and its suffix."""

from __future__ import annotations

from pathlib import Path

#: Files with the weights of a model, by suffix.
MODEL_SUFFIXES = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".onnx")
_WEIGHTS = "a model's weights"

_HEADS = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\0", "a TIFF picture"),
    (b"MM\0*", "a TIFF picture"),
    (b"%PDF", "a PDF document"),
    (b"GGUF", "a GGUF model"),
    (b"PK\x03\x04", "a compressed archive"),
    (b"PK\x05\x06", "a compressed archive"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"BZh", "a compressed archive"),
    (b"\xfd7zXZ", "a compressed archive"),
    (b"7z\xbc\xaf", "a compressed archive"),
    (b"Rar!", "a compressed archive"),
    (b"\x1aE\xdf\xa3", "a film"),
    *((bytes((0x80, protocol)), "a Python pickle") for protocol in range(2, 6)),
    (b"\x93NUMPY", "an array of NumPy"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself"),
)
_SUFFIXES = {
    **dict.fromkeys(MODEL_SUFFIXES, _WEIGHTS),
    **dict.fromkeys((".csv", ".tsv", ".xlsx", ".ods"), "a table"),
    **dict.fromkeys((".txt", ".md", ".rst", ".log"), "a text"),
    **dict.fromkeys((".py", ".sh", ".js", ".ipynb"), "a program's source"),
    **dict.fromkeys((".mp4", ".webm", ".mov", ".avi", ".mkv"), "a film"),
    **dict.fromkeys((".svg", ".avif", ".heic", ".jxl", ".psd"), "a picture"),
    **dict.fromkeys((".docx", ".odt", ".rtf"), "a document"),
    **dict.fromkeys((".wav", ".mp3", ".flac", ".ogg"), "a sound"),
    **dict.fromkeys((".zip", ".tar", ".rar"), "a compressed archive"),
    ".json": "a JSON file",
    ".html": "a web page",
}
#: Kinds of files whose contents are ZIP files or pickles.
_IN_ARCHIVES = ("a table", "a document")


def kind_of(head: bytes, name: str) -> str:
    """Returns the kind of a file by its first bytes and name, with its article, or ""."""
    kind = _SUFFIXES.get(Path(name).suffix.lower(), "")
    is_container = head.startswith((b"PK", b"\x80"))
    if kind == _WEIGHTS or (kind in _IN_ARCHIVES and is_container):
        return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP picture"
    if head[4:8] == b"ftyp":
        avif = head[8:12] in (b"avif", b"avis", b"heic", b"mif1")
        return "a picture" if avif else "a film"
    return next((found for start, found in _HEADS if head.startswith(start)), "") or kind


def foreign_text(head: bytes, name: str) -> str:
    """Returns a sentence for a file without a walk: its kind, and the files that can be opened."""
    if not head:
        return f"{name} is empty; open another file."
    kind = kind_of(head, name)
    if not kind:
        return f"{name} is no session, and of no kind that this program knows; open another file."
    if kind == _WEIGHTS or kind == "a GGUF model":
        advice = "choose it in the model dialog"
    elif "picture" in kind or kind == "a film":
        advice = "it does not say how it was made; open a session, or a picture with its settings"
    else:
        advice = "open a session (.trail), or a picture or film that says how it was made"
    return f"{name} is {kind} and holds no walk: {advice}."
