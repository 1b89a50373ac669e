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
    # in pictures
    "found": {"en": "found", "ko": "있음"},
    "not found": {"en": "not there", "ko": "없음"},
    "operations more": {"en": "… and {count} kernel operations more", "ko": "… 그 밖의 커널 동작 {count}개"},
    "operations": {"en": "{count} kernel operations", "ko": "커널 동작 {count}개"},
    "operations for": {"en": "{count} kernel operations for {name}", "ko": "{name}의 커널 동작 {count}개"},
    "writable": {"en": "writable, its own", "ko": "자기만의 쓰기 레이어"},
    "no images": {"en": "no images here yet", "ko": "아직 이미지가 없습니다"},
    "state now": {"en": "now: {state}", "ko": "지금: {state}"},
    "states": {
        "en": "states and what leads from one to the next",
        "ko": "상태와, 다음 상태로 가는 길",
    },
    "path so far": {"en": "so far: {path}", "ko": "지금까지: {path}"},
    "does nothing": {"en": "does nothing: {reason}", "ko": "아무 일도 없음: {reason}"},
    "refused": {"en": "refused: {reason}", "ko": "거절: {reason}"},
    "can be done": {"en": "can be done", "ko": "할 수 있음"},
    "no networks": {"en": "no networks", "ko": "네트워크가 없습니다"},
    "gateway": {"en": "gateway {address}", "ko": "게이트웨이 {address}"},
    "own layer": {"en": "the container's own layer", "ko": "컨테이너 자신의 레이어"},
    "path in container": {"en": "{path} in {container}", "ko": "{container}의 {path}"},
    "nothing to see": {"en": "{said} ◀ so there is nothing to see", "ko": "{said} ◀ 그래서 보이지 않습니다"},
    "seen": {"en": "{said} ◀ this is what you see", "ko": "{said} ◀ 보이는 것은 이것입니다"},
    "hidden": {"en": "{said}, hidden", "ko": "{said}, 가려짐"},
    "says nothing": {"en": "says nothing", "ko": "말이 없음"},
    "no layer": {"en": "no layer has it", "ko": "어느 레이어에도 없습니다"},
    "host sees": {"en": "as the host sees them", "ko": "호스트가 보는 대로"},
    "container sees": {"en": "as the container sees them", "ko": "컨테이너가 보는 대로"},
    "pid namespace": {"en": "pid namespace of {name}", "ko": "{name}의 pid 네임스페이스"},
    "no container runs": {"en": "no container is running", "ko": "실행 중인 컨테이너가 없습니다"},
    "nothing typed": {"en": "nothing has been typed yet", "ko": "아직 입력한 명령이 없습니다"},
    "images": {"en": "images", "ko": "이미지"},
    "there after": {"en": "{count} images; {states}", "ko": "이미지 {count}개; {states}"},
    "no containers": {"en": "no containers", "ko": "컨테이너 없음"},
    "model note": {
        "en": "The model's figures; `glassdock compare --sources` names what they rest on.",
        "ko": "모델의 수치입니다. 근거는 `glassdock compare --sources`가 알려 줍니다.",
    },
    "what lies": {
        "en": "What lies on what; orange and blue are there for each instance",
        "ko": "무엇 위에 무엇이 있나: 주황과 파랑은 인스턴스마다 따로",
    },
    "until it listens": {
        "en": "{image}: from the command until it listens",
        "ko": "{image}: 명령부터 응답할 준비까지",
    },
    "the platform": {"en": "the platform", "ko": "플랫폼"},
    "shared by all": {"en": "shared by all", "ko": "모두가 함께"},
    "taken at the start": {"en": "taken at the start", "ko": "시작할 때 차지"},
    "each its own": {"en": "each instance's own", "ko": "인스턴스마다"},
    "memory of": {"en": "Memory of {count} × {image}", "ko": "{image} {count}개의 메모리"},
    "memory growing": {"en": "Memory of {image}, more and more", "ko": "{image}를 늘려 갈 때의 메모리"},
    "instances": {"en": "instances", "ko": "인스턴스"},
    "instances in": {"en": "{image}: instances in {budget} MiB", "ko": "{image}: {budget} MiB에 들어가는 인스턴스"},
    "redis get": {
        "en": "Redis GET by clients that wait for their replies",
        "ko": "응답을 기다리는 클라이언트의 Redis GET",
    },
    "connections": {"en": "connections", "ko": "연결 수"},
    "a second": {"en": "requests a second", "ko": "초당 요청"},
    "placed": {
        "en": "{label}: {count} instances on {used} of {all} servers",
        "ko": "{label}: 서버 {all}대 가운데 {used}대에 인스턴스 {count}개",
    },
    "servers changed": {"en": "Servers that are changed", "ko": "바뀐 서버"},
    "seconds": {"en": "seconds", "ko": "초"},
    "servers": {"en": "servers", "ko": "서버"},
}


def language() -> str:
    """The language of this notebook, one of LANGUAGES."""
    parts = PurePath(os.environ.get("JPY_SESSION_NAME", "")).parts
    found = next((part for part in parts if part in LANGUAGES), os.environ.get("GLASSDOCK_LANG", "en"))
    return found if found in LANGUAGES else "en"


def tell(key: str, /, *, lang: str | None = None, **facts: object) -> str:
    """A text of the table, its facts filled in. Raises KeyError for a key that is not there."""
    return TEXTS[key][lang or language()].format(**facts)
