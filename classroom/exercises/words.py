"""What exercises say to a student, in the student's language. Lessons' words are in classroom/texts.py."""

from __future__ import annotations

from classroom.texts import language

# key: {language: text}
TEXTS: dict[str, dict[str, str]] = {
    "who are you": {
        "en": "Type your student id between the quotes of the cell above, run it, and then run this one again.",
        "ko": "위 셀의 따옴표 안에 학번을 적어 실행한 다음, 이 셀을 다시 실행하세요.",
    },
    "no such assignment": {
        "en": "there is no assignment {name!r}; there are {names}",
        "ko": "{name!r} 과제가 없어요. 있는 과제: {names}",
    },
    "not begun": {
        "en": "begin first: classroom.begin({name!r}, student=…)",
        "ko": "먼저 시작하세요: classroom.begin({name!r}, student=…)",
    },
    "no such task": {
        "en": "there is no task {task!r}; there are {tasks}",
        "ko": "{task!r} 문제가 없어요. 있는 문제: {tasks}",
    },
    "task not begun": {
        "en": "Run the cell classroom.task({task!r}) first: it makes the engine that you work on.",
        "ko": "먼저 classroom.task({task!r}) 셀을 실행하세요. 이 문제에서 쓸 엔진을 만들어 줘요.",
    },
    "welcome": {
        "en": "{title}: {tasks} tasks, {points} points. You are {student}; names and numbers below are yours alone.",
        "ko": "{title}: 문제 {tasks}개, {points}점. 학번 {student}. 아래에 나오는 이름과 숫자는 나만의 것이에요.",
    },
    "record set aside": {
        "en": "The record {file} is not yours, or was edited. It has been kept as {kept}, and a new one begins.",
        "ko": "기록 파일이 내 것이 아니거나 고쳐져 있어요: {file}. 그 파일은 옮겨 두고({kept}) 새로 시작해요.",
    },
    "met?": {"en": "Criterion", "ko": "기준"},
    "met": {"en": "met", "ko": "달성"},
    "unmet": {"en": "not yet", "ko": "아직"},
    "marks": {"en": "Points", "ko": "점수"},
    "seen": {"en": "What was seen", "ko": "확인한 내용"},
    "points": {"en": "{points} of {maximum} points", "ko": "{maximum}점 가운데 {points}점"},
    "hidden points": {
        "en": "More points when this is graded: {hidden}.",
        "ko": "채점할 때 확인하는 {hidden}점이 더 있어요.",
    },
    "explained points": {
        "en": "More points for your explanation, which a person reads: {points}.",
        "ko": "설명에 주는 {points}점은 사람이 읽고 채점해요.",
    },
    "too large": {
        "en": "⚠ This cannot be handed in: what you sent to the engine in this task (docker cp, docker import, "
        "docker build) is more than {limit} MB. Begin again with classroom.task({task!r}) and send less.",
        "ko": "⚠ 이대로는 제출할 수 없어요. 이 문제에서 엔진으로 보낸 것(docker cp, docker import, docker build)이 "
        "{limit} MB를 넘었어요. classroom.task({task!r})로 다시 시작해서 더 작은 것을 보내세요.",
    },
    "hint": {"en": "Hint {number} of {all}", "ko": "힌트 {number}/{all}"},
    "no more hints": {
        "en": "These were all the hints. Compare what check() observes with what it expects.",
        "ko": "힌트는 이게 전부예요. check()가 알려 주는 지금 상태와 목표를 비교해 보세요.",
    },
    "type a guess": {
        "en": "Put your prediction in place of the three dots, then run the cell again.",
        "ko": "점 세 개(...) 자리에 예상을 적고 셀을 다시 실행하세요.",
    },
    "guess kept": {
        "en": "Your prediction is kept: {guess}. It is locked as soon as the experiment begins.",
        "ko": "예상을 기록했어요: {guess}. 실험을 시작하면 더는 바꿀 수 없어요.",
    },
    "guess locked": {
        "en": "The experiment has begun; your prediction stays {guess}.",
        "ko": "실험을 이미 시작했어요. 예상은 {guess}(으)로 남아요.",
    },
    "guess too late": {
        "en": "The experiment has begun, so a prediction no longer counts. Go on, and explain what you saw.",
        "ko": "실험을 이미 시작해서 예상으로 인정되지 않아요. 그래도 계속 진행하고, 본 것을 설명해 보세요.",
    },
}


def tell(key: str, **facts: object) -> str:
    """A text of the table, its facts filled in. Raises KeyError for a key that is not there."""
    return TEXTS[key][language()].format(**facts)
