"""A small set of help topics, and its files with something changed."""

from pathlib import Path

from shared.help_topics.files import load_topics
from shared.help_topics.mistakes import HelpTopicsError
from shared.policy.mistakes import Mistake

FILES = {
    "set.yaml": """\
version: "1"
languages: [en, es]
common_words: {en: the my is a how do I, es: el la mi cómo}
same_words:
  en:
    - [mobile, cellphone]
""",
    "sound.yaml": """\
topic: sound
channels: [chat]
see_also: [camera]
texts:
  en:
    title: No sound
    answer: |
      Turn the volume up.

      1. Unplug the headphones.
      2. Look at [the camera](topic:camera).
    questions: [I hear nothing, the speaker of my mobile is silent]
    keywords: [volume]
  es:
    title: No hay sonido
    answer: Suba el volumen.
    questions: [no oigo nada, el altavoz no suena]
""",
    "camera.yaml": """\
topic: camera
texts:
  en:
    title: No picture
    answer: Open the lens. See https://example.com/lens.
    questions: [the camera is black, nobody sees me]
  es:
    title: No hay imagen
    answer: Abra el objetivo.
    questions: [la cámara está negra, nadie me ve]
""",
}


def write(folder: Path, file: str = "set.yaml", old: str = "", new: str = "", **more: str) -> Path:
    """Write the set into a folder, with `old` replaced in a file, and more files or other ones."""
    folder.mkdir(exist_ok=True)
    files = {**FILES, **{f"{name}.yaml": text for name, text in more.items()}}
    assert old in files[file]
    files[file] = files[file].replace(old, new, 1) if old else files[file]
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def mistakes(folder: Path) -> tuple[Mistake, ...]:
    """What is wrong with the set in a folder."""
    try:
        load_topics(folder)
    except HelpTopicsError as error:
        return error.mistakes
    return ()
