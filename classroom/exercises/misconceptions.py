"""What learners believe about containers and is not so: lessons expose it, exercises test it.

Gathered from the questions that are asked most often (stackoverflow.com), and from what trainers report. Tasks name the
numbers of what they test.
"""

from __future__ import annotations

from classroom.exercises.task import Text

MISCONCEPTIONS: dict[int, Text] = {
    1: Text("a container is a small virtual machine", "컨테이너는 작은 가상 머신이다"),
    2: Text(
        "an image is run, changes with its container and dies with it",
        "이미지가 실행되고, 컨테이너와 함께 바뀌고, 함께 사라진다",
    ),
    3: Text("data survives rm", "데이터는 rm 뒤에도 남는다"),
    4: Text("stop, kill and rm are the same", "stop과 kill과 rm은 같다"),
    5: Text("run enters the old container again", "run은 전에 쓰던 컨테이너로 다시 들어간다"),
    6: Text("exec, run and attach are the same", "exec와 run과 attach는 같다"),
    7: Text("-d keeps a container alive", "-d가 컨테이너를 살려 둔다"),
    8: Text("-i and -t belong together", "-i와 -t는 늘 함께 쓴다"),
    9: Text("-p the wrong way round; EXPOSE publishes", "-p의 순서를 거꾸로 안다. EXPOSE가 포트를 공개한다"),
    10: Text("localhost in a container is the host", "컨테이너 안의 localhost는 호스트다"),
    11: Text("a port can be added to a running container", "실행 중인 컨테이너에 포트를 더할 수 있다"),
    12: Text("CMD, ENTRYPOINT, RUN and the shell form are all the same", "CMD와 ENTRYPOINT와 RUN과 셸 형식은 다 같다"),
    13: Text("COPY and ADD reach any file of the computer", "COPY와 ADD는 컴퓨터의 어떤 파일이든 가져온다"),
    14: Text("a later RUN that deletes makes the image smaller", "나중의 RUN에서 지우면 이미지가 작아진다"),
    15: Text("the build cache is all or nothing", "빌드 캐시는 전부 아니면 전무다"),
    16: Text("pull copies everything every time", "pull은 매번 전부 복사한다"),
    17: Text("latest is the newest", "latest는 가장 새것이다"),
    18: Text("a mount adds to a folder and never hides it", "마운트는 폴더에 더해질 뿐 가리지 않는다"),
    19: Text("a limit is a reservation; OOM is a crash", "제한은 예약이고, OOM은 프로그램 오류다"),
    20: Text(
        "root in a container is harmless, and so is the docker socket", "컨테이너 안의 root도 도커 소켓도 안전하다"
    ),
    21: Text("depends_on means ready", "depends_on은 준비되었다는 뜻이다"),
    22: Text("old images cost nothing", "오래된 이미지는 자리를 차지하지 않는다"),
}
