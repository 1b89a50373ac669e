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
        "ko": "예상을 적어 두었어요: {guess}. 이제 실험해 보세요.",
    },
    "too late": {
        "en": "This question has been answered already; your guess stays {guess}.",
        "ko": "이미 답이 나온 질문이에요. 적어 둔 예상은 그대로예요: {guess}",
    },
    "right": {
        "en": "✔ You said {guess}, and so it is.",
        "ko": "✔ 예상은 {guess}, 맞았어요.",
    },
    "near": {
        "en": "✔ You said {guess}; the engine says {truth}. Near enough.",
        "ko": "✔ 예상은 {guess}, 엔진의 답은 {truth}. 이 정도면 맞힌 거예요.",
    },
    "wrong": {
        "en": "✘ You said {guess}; the engine says {truth}. What did you take for granted? Read on, then look again.",
        "ko": "✘ 예상은 {guess}, 엔진의 답은 {truth}. 무엇을 당연하게 여겼나요? 아래 설명을 읽고 다시 살펴보세요.",
    },
    "not a choice": {
        "en": "{guess} is not among the answers. Choose one, with its quotes: {choices}",
        "ko": "{guess}: 고를 수 있는 답이 아니에요. 따옴표까지 적어서 하나를 고르세요: {choices}",
    },
    "quotes": {
        "en": 'A word that you guess needs quotes: predict("…", "yes"). A number needs none.',
        "ko": '예상이 낱말이면 따옴표를 붙이세요: predict("…", "yes"). 숫자에는 필요 없어요.',
    },
    "cells above": {
        "en": "Was a cell further up skipped? Then run it first (Run → Run All Above Selected Cell).",
        "ko": "위에서 건너뛴 셀이 있나요? 그 셀을 먼저 실행하세요(Run → Run All Above Selected Cell).",
    },
    "nobody types": {
        "en": "^C  (nothing more would happen: every program waits, and here nobody can type; the command was ended)",
        "ko": "^C  (모든 프로그램이 기다리고만 있고 여기서는 입력할 수 없어서 명령을 끝냈어요)",
    },
    "no terminal": {
        "en": "(A cell is no terminal. Leave out -t, or open a terminal; in it, `glassdock shell` has a machine of its "
        "own.)",
        "ko": "(셀은 터미널이 아니에요. -t를 빼거나, 터미널을 열어 `glassdock shell`을 실행하세요. "
        "거기에는 컴퓨터가 따로 있어요.)",
    },
    "no background": {
        "en": "& does not work with docker in a notebook; `docker run -d` starts a container in the background",
        "ko": "노트북에서는 docker에 &를 쓸 수 없어요. `docker run -d`가 컨테이너를 백그라운드에서 시작해요",
    },
    "command": {"en": "command", "ko": "명령"},
    "one back": {"en": "◀ one command back", "ko": "◀ 한 명령 뒤로"},
    "one on": {"en": "one command on ▶", "ko": "한 명령 앞으로 ▶"},
    "workbook": {"en": "Docker with glass walls", "ko": "유리벽 도커"},
    "how to begin": {
        "en": "Click on a lesson. In it, **Shift+Enter** runs a cell and goes on to the next. Begin with lesson 0; "
        "after that each lesson stands alone.",
        "ko": "장을 누르면 열려요. 그 안에서 **Shift+Enter**를 누르면 셀이 실행되고 다음 셀로 넘어가요. "
        "0장부터 시작하세요. 그다음부터는 어느 장부터 해도 돼요.",
    },
    "yours": {
        "en": "These files are your own copy: change them as you like. An update leaves alone what you have changed, "
        "and puts its new version beside it.",
        "ko": "이 파일들은 여러분의 사본이니 마음껏 고치세요. 업데이트할 때에도 여러분이 고친 파일은 그대로 두고, "
        "새 판을 그 옆에 놓아요.",
    },
    "lesson": {"en": "Lesson", "ko": "장"},
    "exercises": {"en": "Exercises", "ko": "연습 문제"},
    "exercise": {"en": "{count} tasks", "ko": "{count}문제"},
    "how to practise": {
        "en": "Exercises look at what your commands have done, and say what is still missing. Begin with the cell in "
        "which you type your name.",
        "ko": "연습 문제는 명령이 실제로 한 일을 보고 무엇이 모자라는지 알려 줘요. 이름을 적는 셀부터 시작하세요.",
    },
    "minutes": {"en": "about {count} min", "ko": "{count}분쯤"},
    "other language": {
        "en": "[이 페이지를 한국어로](../ko/contents.md)",
        "ko": "[This page in English](../en/contents.md)",
    },
    "lessons": {"en": "Lessons", "ko": "수업"},
    "for teachers": {"en": "For teachers", "ko": "선생님께"},
    "reference": {"en": "Reference", "ko": "참고 자료 (영어)"},
    "pages": {"en": "Pages", "ko": "페이지"},
    "to the text": {"en": "To the text", "ko": "본문으로"},
    "this language": {"en": "English", "ko": "한국어"},
    "computed": {
        "en": "Whatever stands below a cell is what that cell gave when this page was made, on the simulated host. "
        "Where a guess is asked for, none was made here: yours comes first when you run the lesson yourself.",
        "ko": "셀 아래에 있는 것은 모두 이 페이지를 만들 때 그 셀을 시뮬레이션 호스트에서 실행해 얻은 결과예요. 예상을 "
        "묻는 곳은 비워 두었어요. 수업을 직접 실행할 때 먼저 적어 보세요.",
    },
    "cheat sheet": {"en": "Docker on one sheet", "ko": "한 장으로 보는 도커"},
    "cheat sheet order": {
        "en": "From top to bottom this is one session. Every line has been tried on the simulated host, in this order "
        "(those with -it without the terminal).",
        "ko": "위에서 아래로 하나의 세션이에요. 모든 줄을 이 순서대로 시뮬레이션 호스트에서 실행해 보았어요"
        "(-it이 있는 줄은 터미널 없이).",
    },
    "no guess": {
        "en": "The engine says {truth}. (You made no guess. Guess first next time: you will remember more.)",
        "ko": "엔진의 답은 {truth}. (예상을 적지 않았네요. 먼저 예상해 보면 훨씬 오래 기억에 남아요.)",
    },
    # in pictures; the first ones are their names
    "in words": {"en": "The picture in words", "ko": "그림을 글로 보기"},
    "way of": {"en": "The way of {line}", "ko": "{line} 명령이 지나간 길"},
    "ways": {"en": "The way of a command", "ko": "명령이 지나간 길"},
    "layers": {"en": "Layers of images and containers", "ko": "이미지와 컨테이너의 레이어"},
    "life of": {"en": "Life of {name}", "ko": "{name}의 일생"},
    "life": {"en": "Life of a container", "ko": "컨테이너의 일생"},
    "host": {"en": "The host on one page", "ko": "한눈에 보는 호스트"},
    "networks": {"en": "Networks and published ports", "ko": "네트워크와 공개된 포트"},
    "where from": {"en": "Where {path} of {container} comes from", "ko": "{container}의 {path}가 있는 레이어"},
    "all processes": {"en": "Processes of the host and of its containers", "ko": "호스트와 컨테이너의 프로세스"},
    "session so far": {"en": "The session so far", "ko": "지금까지의 세션"},
    "nothing there": {"en": "Nothing to see", "ko": "볼 것이 없어요"},
    "no container yet": {"en": "no container here yet", "ko": "아직 컨테이너가 없어요"},
    "found": {"en": "found", "ko": "있음"},
    "not found": {"en": "not there", "ko": "없음"},
    "operations more": {"en": "… and {count} kernel operations more", "ko": "… 그 밖의 커널 동작 {count}개"},
    "operations": {"en": "{count} kernel operations", "ko": "커널 동작 {count}개"},
    "operations for": {"en": "{count} kernel operations for {name}", "ko": "{name}의 커널 동작 {count}개"},
    "writable": {"en": "writable, its own", "ko": "자기만의 쓰기 레이어"},
    "container": {"en": "container", "ko": "컨테이너"},
    "shared by": {"en": "shared by {count}", "ko": "{count}곳이 함께 씀"},
    "no images": {"en": "no images here yet", "ko": "아직 이미지가 없어요"},
    "state now": {"en": "now: {state}", "ko": "지금: {state}"},
    "states": {
        "en": "states and what leads from one to the next",
        "ko": "상태와, 다음 상태로 가는 길",
    },
    "path so far": {"en": "so far: {path}", "ko": "지금까지: {path}"},
    "does nothing": {"en": "does nothing: {reason}", "ko": "아무 일도 없음: {reason}"},
    "refused": {"en": "refused: {reason}", "ko": "거절: {reason}"},
    "can be done": {"en": "can be done", "ko": "할 수 있음"},
    "groups": {"en": "What each container may use, and uses", "ko": "컨테이너마다 쓸 수 있는 것과 쓰고 있는 것"},
    "the machine has": {
        "en": "the machine: {memory} of memory, {cpus} processors",
        "ko": "컴퓨터 전체: 메모리 {memory}, 프로세서 {cpus}개",
    },
    "memory": {"en": "memory", "ko": "메모리"},
    "processes": {"en": "processes", "ko": "프로세스"},
    "no limit": {"en": "no limit", "ko": "제한 없음"},
    "used of": {"en": "{used} of {limit}", "ko": "{limit} 가운데 {used}"},
    "cpu used": {"en": "{seconds} s so far", "ko": "지금까지 {seconds}초"},
    "cpu limit": {"en": "at most {cpus} processors at a time", "ko": "한 번에 최대 {cpus}개"},
    "no networks": {"en": "no networks", "ko": "네트워크가 없어요"},
    "gateway": {"en": "gateway {address}", "ko": "게이트웨이 {address}"},
    "own layer": {"en": "the container's own layer", "ko": "컨테이너 자신의 레이어"},
    "path in container": {"en": "{path} in {container}", "ko": "{container}의 {path}"},
    "nothing to see": {"en": "{said} ◀ so there is nothing to see", "ko": "{said} ◀ 그래서 보이지 않아요"},
    "seen": {"en": "{said} ◀ this is what you see", "ko": "{said} ◀ 보이는 것은 이것"},
    "hidden": {"en": "{said}, hidden", "ko": "{said}, 가려짐"},
    "says nothing": {"en": "says nothing", "ko": "여기에는 없음"},
    "no layer": {"en": "no layer has it", "ko": "어느 레이어에도 없어요"},
    "host sees": {"en": "as the host sees them", "ko": "호스트가 보는 대로"},
    "container sees": {"en": "as the container sees them", "ko": "컨테이너가 보는 대로"},
    "pid namespace": {"en": "pid namespace of {name}", "ko": "{name}의 pid 네임스페이스"},
    "no container runs": {"en": "no container is running", "ko": "실행 중인 컨테이너가 없어요"},
    "nothing typed": {"en": "nothing has been typed yet", "ko": "아직 입력한 명령이 없어요"},
    "images": {"en": "images", "ko": "이미지"},
    "there after": {"en": "images: {count}; {states}", "ko": "이미지 {count}개; {states}"},
    "no containers": {"en": "no containers", "ko": "컨테이너 없음"},
    "model note": {
        "en": "The model's figures; `glassdock compare --sources` names what they rest on.",
        "ko": "모형으로 계산한 값이에요. 근거는 `glassdock compare --sources`로 볼 수 있어요.",
    },
    "what lies": {
        "en": "What lies on what; orange and blue are there for each instance",
        "ko": "무엇 위에 무엇이 있나: 주황과 파랑은 인스턴스마다 따로",
    },
    "stack": {
        "en": "{name}: {once}; for each instance: {each}; kernel: {kernel}",
        "ko": "{name}: {once}; 인스턴스마다: {each}; 커널: {kernel}",
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
    "on each": {"en": "Instances on each: {counts}", "ko": "서버마다 인스턴스: {counts}"},
    "not drawn": {"en": "{count} more servers are not drawn", "ko": "그리지 않은 서버가 {count}대 더 있어요"},
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
