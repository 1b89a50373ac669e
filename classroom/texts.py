"""What lessons' code says to a learner, in the learner's language: one table, so that the cells are the same in all.

The language is that of the notebook: a folder `ko` in its path (Jupyter tells it in JPY_SESSION_NAME), else
GLASSDOCK_LANG, else English.
"""

from __future__ import annotations

import os
from pathlib import PurePath

LANGUAGES = ("en", "ko")

# key: {language: text}
TEXTS: dict[str, dict[str, str]] = {
    "type a guess": {
        "en": "Put your guess in place of the three dots, then run the cell again.",
        "ko": "점 세 개(...) 자리에 예상을 적고 셀을 다시 실행하세요.",
    },
    "guess kept": {
        "en": "Your guess is kept: {guess}. Now run the experiment.",
        "ko": "예상을 기록했습니다: {guess}. 이제 실험해 봅시다.",
    },
    "too late": {
        "en": "This question has been answered already; your guess stays {guess}.",
        "ko": "이미 답이 나온 질문입니다. 예상은 {guess}(으)로 남습니다.",
    },
    "right": {
        "en": "✔ You said {guess}, and so it is.",
        "ko": "✔ 예상 {guess}, 맞았습니다.",
    },
    "wrong": {
        "en": "✘ You said {guess}; the engine says {truth}. What did you take for granted?",
        "ko": "✘ 예상은 {guess}, 엔진의 답은 {truth}입니다. 무엇을 당연하게 여겼나요?",
    },
    "nobody types": {
        "en": "^C  (the program waits for input that nobody can type here; the command was ended)",
        "ko": "^C  (프로그램이 입력을 기다리는데 여기서는 입력할 수 없어 명령을 끝냈습니다)",
    },
    "command": {"en": "command", "ko": "명령"},
    "one back": {"en": "one command back", "ko": "한 명령 뒤로"},
    "one on": {"en": "one command on", "ko": "한 명령 앞으로"},
    "workbook": {"en": "Docker with glass walls", "ko": "유리벽 도커"},
    "how to begin": {
        "en": "Click on a lesson. In it, **Shift+Enter** runs a cell and goes on to the next. Begin with lesson 0; "
        "after that each lesson stands alone.",
        "ko": "장을 하나 누르면 열립니다. 그 안에서 **Shift+Enter**를 누르면 셀이 실행되고 다음 셀로 넘어갑니다. "
        "0장부터 시작하세요. 그다음부터는 장마다 따로 해도 됩니다.",
    },
    "yours": {
        "en": "These files are your own copy: change them as you like. An update leaves alone what you have changed, "
        "and puts its new version beside it.",
        "ko": "이 파일들은 여러분의 사본이니 마음껏 고치세요. 여러분이 고친 파일은 업데이트가 건드리지 않고, "
        "새 판을 그 옆에 둡니다.",
    },
    "lesson": {"en": "Lesson", "ko": "장"},
    "minutes": {"en": "about {count} min", "ko": "{count}분쯤"},
    "other language": {
        "en": "[이 페이지를 한국어로](../ko/contents.md)",
        "ko": "[This page in English](../en/contents.md)",
    },
    "cheat sheet": {"en": "Docker on one sheet", "ko": "한 장으로 보는 도커"},
    "cheat sheet order": {
        "en": "From top to bottom this is one session. Every line has been tried on the simulated host, in this order "
        "(those with -it without the terminal).",
        "ko": "위에서 아래로 하나의 세션이에요. 모든 줄을 이 순서대로 시뮬레이션 호스트에서 실행해 보았어요"
        "(-it이 있는 줄은 터미널 없이).",
    },
    "no guess": {
        "en": "The engine says {truth}. (You have not made a guess: go back, it is worth it.)",
        "ko": "엔진의 답은 {truth}입니다. (예상을 적지 않았네요. 돌아가서 적어 보세요. 그만한 가치가 있습니다.)",
    },
}


def language() -> str:
    """The language of this notebook, one of LANGUAGES."""
    parts = PurePath(os.environ.get("JPY_SESSION_NAME", "")).parts
    found = next((part for part in parts if part in LANGUAGES), os.environ.get("GLASSDOCK_LANG", "en"))
    return found if found in LANGUAGES else "en"


def tell(key: str, /, *, lang: str | None = None, **facts: object) -> str:
    """A text of the table, its facts filled in. Raises KeyError for a key that is not there."""
    return TEXTS[key][lang or language()].format(**facts)
