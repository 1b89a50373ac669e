"""What grading says, in both languages: reasons and notes, and the words of the pages.

Reasons say what happened and, where somebody can do something about it, what.
"""

from __future__ import annotations

REASONS: dict[str, dict[str, str]] = {
    "empty folder": {
        "en": "The folder has no notebook (.ipynb) and no session record (.json) in it.",
        "ko": "폴더 안에 노트북(.ipynb)이나 세션 기록(.json)이 없어요.",
    },
    "older": {
        "en": "This student handed in several files; only the newest one counts ({file}).",
        "ko": "이 학생이 낸 파일이 여러 개예요. 가장 새로운 파일({file})만 채점했어요.",
    },
    "too large": {
        "en": "The file has {size} MB; more than {limit} MB are not read. Clear the outputs and hand it in again.",
        "ko": "파일 크기가 {size} MB예요. {limit} MB가 넘으면 읽지 않아요. 출력을 지우고 다시 내 주세요.",
    },
    "cannot be read": {
        "en": "The file cannot be read: {why}.",
        "ko": "파일을 읽을 수 없어요: {why}.",
    },
    "empty file": {"en": "The file is empty.", "ko": "빈 파일이에요."},
    "no JSON": {
        "en": "This is no notebook: the file does not hold JSON. It begins with “{begins}”.",
        "ko": "노트북이 아니에요. 파일 내용이 JSON이 아니에요. “{begins}”(으)로 시작해요.",
    },
    "no text": {
        "en": "The file is in no encoding that a notebook can have (UTF-8).",
        "ko": "노트북에 쓸 수 있는 인코딩(UTF-8)이 아니에요.",
    },
    "no notebook": {
        "en": "The file is JSON, but neither a notebook nor a session record.",
        "ko": "JSON 파일이지만 노트북도 세션 기록도 아니에요.",
    },
    "other kernel": {
        "en": "The notebook is written for another kernel ({language}); it was not run. Choose Python and hand it in "
        "again.",
        "ko": "다른 커널({language})로 쓴 노트북이라 실행하지 않았어요. Python 커널로 바꿔서 다시 내 주세요.",
    },
    "no assignment": {
        "en": "There is no assignment “{name}”.",
        "ko": "“{name}”라는 과제가 없어요.",
    },
    "bad record": {
        "en": "The session record cannot be read: {why}.",
        "ko": "세션 기록을 읽을 수 없어요: {why}.",
    },
    "time": {
        "en": "The notebook was stopped after {limit} seconds. What its cells had done by then has been marked.",
        "ko": "노트북이 {limit}초 안에 끝나지 않아 멈췄어요. 그때까지 한 일은 채점했어요.",
    },
    "memory": {
        "en": "The notebook was stopped because it used more than {limit} MB of memory. What its cells had done by "
        "then has been marked.",
        "ko": "노트북이 메모리를 {limit} MB 넘게 써서 멈췄어요. 그때까지 한 일은 채점했어요.",
    },
    "output": {
        "en": "The notebook was stopped because it put out more than {limit} MB. What its cells had done by then has "
        "been marked.",
        "ko": "노트북의 출력이 {limit} MB를 넘어서 멈췄어요. 그때까지 한 일은 채점했어요.",
    },
    "died": {
        "en": "The notebook ended its own process. What its cells had done by then has been marked.",
        "ko": "노트북이 스스로 프로세스를 끝냈어요. 그때까지 한 일은 채점했어요.",
    },
    "walls": {
        "en": "The notebook could not be run in isolation on this computer, and was not run.",
        "ko": "이 컴퓨터에서 노트북을 격리할 수 없어서 실행하지 않았어요.",
    },
    "lost": {
        "en": "The process that runs notebooks went down with this one. Look at it before you run it yourself.",
        "ko": "이 노트북을 실행하다가 채점 프로세스가 멈췄어요. 직접 실행하기 전에 내용을 확인해 주세요.",
    },
    "check": {
        "en": "What this notebook did could not be lived through again within its limits; it has no marks. A person "
        "should look at it.",
        "ko": "이 노트북이 한 일을 정해진 한도 안에서 다시 재현하지 못했어요. 점수가 없으니 사람이 확인해 주세요.",
    },
    "nothing": {
        "en": "The notebook ran, but began none of the tasks. Has the cell with the student's name been changed?",
        "ko": "노트북은 실행됐지만 시작한 문제가 없어요. 학생 이름이 있는 셀을 바꾸지 않았는지 확인해 주세요.",
    },
}
NOTES: dict[str, dict[str, str]] = {
    "other encoding": {
        "en": "The file is encoded as {encoding} instead of UTF-8, and was read as such.",
        "ko": "파일 인코딩이 UTF-8이 아니라 {encoding}이에요. 그대로 읽었어요.",
    },
    "twice": {
        "en": "Cells with the same grade_id: {cells}. Locked ones ran once; each task has its marks once.",
        "ko": "grade_id가 같은 셀이 있어요: {cells}. 잠긴 셀은 한 번만 실행했고, 점수도 문제마다 한 번만 줬어요.",
    },
    "own notebook": {
        "en": "The notebook has none of the assignment's own cells. It was run as it is.",
        "ko": "과제에 있던 셀이 하나도 없는 노트북이에요. 그대로 실행했어요.",
    },
    "missing": {
        "en": "Cells of the assignment that are missing: {cells}.",
        "ko": "과제에 있던 셀이 없어졌어요: {cells}.",
    },
    "changed": {
        "en": "Cells whose grading metadata was changed: {cells}. The assignment's own was used.",
        "ko": "채점 메타데이터가 바뀐 셀이 있어요: {cells}. 원래 과제의 값으로 채점했어요.",
    },
    "seal": {
        "en": "The record of attempts does not have the course's seal: it was edited, or sealed with another key.",
        "ko": "시도 기록의 봉인(seal)이 맞지 않아요. 기록이 수정됐거나 다른 키로 봉인됐어요.",
    },
    "other student": {
        "en": "The notebook says that it is the work of “{name}”.",
        "ko": "노트북에는 “{name}” 학생의 것이라고 적혀 있어요.",
    },
    "cell error": {
        "en": "Code cell {cell} ended with an error: {error}",
        "ko": "{cell}번째 코드 셀이 오류로 끝났어요: {error}",
    },
    "slow task": {
        "en": "Task {task} could not be lived through again within {limit} seconds and has no marks.",
        "ko": "{task} 문제는 {limit}초 안에 재현하지 못해서 점수가 없어요.",
    },
    "large task": {
        "en": "What was sent to the engine in task {task} is more than {limit} MB and was not recorded, so it has no "
        "marks. The self-check had said so.",
        "ko": "{task} 문제에서 엔진으로 보낸 것이 {limit} MB를 넘어서 기록되지 않았고, 그래서 점수가 없어요. 자가 "
        "점검에서도 알려 준 내용이에요.",
    },
    "broken task": {
        "en": "Task {task} could not be lived through again and has no marks: {why}.",
        "ko": "{task} 문제는 재현하지 못해서 점수가 없어요: {why}.",
    },
}
PAGES: dict[str, dict[str, str]] = {
    "class": {"en": "The class", "ko": "우리 반"},
    "count": {"en": "{n} submissions", "ko": "제출 {n}건"},
    "notes": {"en": "Noticed", "ko": "알아 둘 점"},
    "met": {"en": "✔ met", "ko": "✔ 달성"},
    "unmet": {"en": "✘ not yet", "ko": "✘ 아직"},
    "waits": {"en": "… waits", "ko": "… 대기"},
    "no answer": {"en": "Nothing was written here.", "ko": "아무것도 쓰지 않았어요."},
    "commented": {"en": "Comment: {comment}", "ko": "의견: {comment}"},
    "extra credit": {"en": "Extra credit: {points}", "ko": "가산점(extra credit): {points}점"},
    "by hand": {"en": "✎ marked", "ko": "✎ 채점"},
    "marked": {"en": "A person has marked this answer.", "ko": "사람이 읽고 채점한 답이에요."},
    "overruled": {
        "en": "A person has looked at this and gave {points} of {maximum} points.",
        "ko": "사람이 확인하고 {maximum}점 가운데 {points}점을 줬어요.",
    },
    "again": {
        "en": "Another file was handed in since. The mark stays until a person looks at it again.",
        "ko": "채점한 뒤에 다른 파일을 냈어요. 사람이 다시 볼 때까지 점수는 그대로예요.",
    },
    "your answer": {"en": "Your answer", "ko": "내가 쓴 답"},
    "person": {"en": "A person reads and marks this answer.", "ko": "이 답은 사람이 읽고 채점해요."},
    "hidden": {"en": "looked at only when graded", "ko": "채점할 때만 확인하는 항목"},
    "waits for person": {
        "en": "{points} of these points are for answers that a person has yet to mark.",
        "ko": "이 가운데 {points}점은 사람이 아직 채점하지 않은 답의 점수예요.",
    },
    "waits in all": {
        "en": "Points that a person has yet to give (in manual.csv, or with glassdock mark): {points} in all",
        "ko": "사람이 채점할 점수: 모두 {points}점 (manual.csv나 glassdock mark로 입력하세요)",
    },
    "hand in again": {
        "en": "Next step: open your notebook in JupyterLab, see that your work is in it, save it, and hand in the "
        "whole folder again. If it does not open, ask your teacher.",
        "ko": "다음 단계: JupyterLab에서 노트북을 열어 작업한 내용이 있는지 확인하고, 저장한 다음 폴더째로 다시 "
        "내세요. 열리지 않으면 선생님께 물어보세요.",
    },
    "graded": {"en": "graded", "ko": "채점함"},
    "stopped": {"en": "stopped", "ko": "중단됨"},
    "refused": {"en": "not graded", "ko": "채점 못 함"},
    "so many graded": {"en": "Graded: {n}", "ko": "채점: {n}건"},
    "so many stopped": {
        "en": "Stopped before their end, marked up to there: {n}",
        "ko": "중간에 멈춰서 그때까지만 채점: {n}건",
    },
    "so many refused": {"en": "Not graded: {n}", "ko": "채점 못 함: {n}건"},
    "average": {
        "en": "Mean {mean}, median {median}, of {maximum} points",
        "ko": "{maximum}점 가운데 평균 {mean}점, 중앙값 {median}점",
    },
    "isolation": {"en": "What stood between the notebooks and this computer", "ko": "노트북과 이 컴퓨터 사이의 격리"},
    "in words": {"en": "The picture in words", "ko": "그림을 글로 보기"},
    "success": {"en": "Success by task", "ko": "문제별 성공률"},
    "spread": {"en": "How the class did", "ko": "점수 분포"},
    "students": {"en": "students", "ko": "명"},
    "tasks": {"en": "Tasks", "ko": "문제"},
    "task": {"en": "Task", "ko": "문제"},
    "mean": {"en": "Success", "ko": "성공률"},
    "full": {"en": "Full marks", "ko": "만점"},
    "attempts": {"en": "Self-checks", "ko": "자가 점검"},
    "wrong": {"en": "Most common wrong states", "ko": "자주 나온 틀린 상태"},
    "signals": {"en": "To look at", "ko": "살펴볼 점"},
    "signals are questions": {
        "en": "These are questions for a human, not proof. They have not changed any mark.",
        "ko": "사람이 확인해 볼 질문일 뿐 증거가 아니에요. 점수에는 영향을 주지 않았어요.",
    },
    "no signals": {"en": "Nothing out of the ordinary.", "ko": "특별한 점이 없어요."},
    "same requests": {
        "en": "{task}: {students} asked the daemon for exactly the same things, although each has names of their own.",
        "ko": "{task}: 학생마다 이름이 다른데도 {students}의 요청이 똑같아요.",
    },
    "quick": {
        "en": "{task}: {students} needed {seconds} seconds; {usual} are usual.",
        "ko": "{task}: {students} 학생은 {seconds}초 만에 끝냈어요. 보통은 {usual}초가 걸려요.",
    },
    "submissions": {"en": "Submissions", "ko": "제출물"},
    "student": {"en": "Student", "ko": "학생"},
    "points": {"en": "Points", "ko": "점수"},
    "state": {"en": "State", "ko": "상태"},
    "remarks": {"en": "Remarks", "ko": "비고"},
    "no assignment": {"en": "Of no known assignment", "ko": "알 수 없는 과제"},
}


def say(key: str, lang: str, **facts: object) -> str:
    """A reason or a note. Raises KeyError for one that is not there."""
    return (REASONS.get(key) or NOTES[key])[lang].format(**facts)


def word(key: str, lang: str, **facts: object) -> str:
    """A text of the pages. Raises KeyError for one that is not there."""
    return PAGES[key][lang].format(**facts)
