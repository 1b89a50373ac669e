"""What the guided tour says, in each language: {step: {language: (title, text), "example": (what can be typed,)}}."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "hello": {
        "example": ("docker run hello-world",),
        "en": (
            "Say hello",
            "Run your first container. Watch the glass wall on the right: the command travels from the client to the "
            "daemon, and on to the hub, because the image is not here yet.",
        ),
        "ko": (
            "첫인사",
            "첫 컨테이너(container)를 실행해 보세요. 오른쪽 유리벽을 보면, 명령이 클라이언트에서 데몬(daemon)으로, "
            "그리고 이미지(image)가 아직 없으니 허브(hub)까지 가는 것이 보여요.",
        ),
    },
    "run": {
        "example": ("docker run -d --name web nginx",),
        "en": (
            "Keep one running",
            "hello-world ended at once. A web server stays: -d lets it run in the background. Look at its life and at "
            "its processes.",
        ),
        "ko": (
            "계속 실행해 두기",
            "hello-world는 바로 끝났어요. 웹 서버는 계속 남아 있죠. -d는 뒤에서(detached) 실행하라는 뜻이에요. "
            "‘일생’과 ‘프로세스’ 화면도 살펴보세요.",
        ),
    },
    "exec": {
        "example": ("docker exec -it web sh",),
        "en": (
            "Step inside",
            "Open a shell in the running container. Type hostname and ls /, then exit. Whose files are these? Look at "
            "the processes: which one has the number 1?",
        ),
        "ko": (
            "안으로 들어가기",
            "실행 중인 컨테이너 안에서 셸(shell)을 열어 보세요. hostname과 ls /를 입력해 보고 exit로 나오면 돼요. "
            "누구의 파일일까요? ‘프로세스’ 화면에서 1번이 무엇인지도 찾아보세요.",
        ),
    },
    "layers": {
        "example": ("",),
        "en": (
            "See the layers",
            "Choose “Layers” on the right. An image is a pile of read-only layers; the container is one thin writable "
            "layer on top.",
        ),
        "ko": (
            "레이어 살펴보기",
            "오른쪽에서 ‘레이어’를 골라 보세요. 이미지는 읽기 전용 레이어(layer)를 쌓은 것이고, 컨테이너는 "
            "그 위에 얹은 얇은 쓰기 레이어 하나예요.",
        ),
    },
    "dockerfile": {
        "example": ("edit Dockerfile",),
        "en": (
            "Write a Dockerfile",
            "Open the editor with “edit Dockerfile” and add the line COPY index.html /usr/share/nginx/html/ below "
            "FROM. Save it.",
        ),
        "ko": (
            "Dockerfile 쓰기",
            "‘edit Dockerfile’로 편집기를 열고, FROM 아래에 COPY index.html /usr/share/nginx/html/ 줄을 더한 뒤 "
            "저장하세요.",
        ),
    },
    "build": {
        "example": ("docker build -t mysite .",),
        "en": (
            "Build an image",
            "The daemon reads your Dockerfile line by line and makes a layer of each change. Nothing of nginx is "
            "copied: your layer lies on top of its layers.",
        ),
        "ko": (
            "이미지 만들기",
            "데몬이 Dockerfile을 한 줄씩 읽고, 바뀐 것마다 레이어를 하나씩 만들어요. nginx를 복사하지는 않아요. "
            "여러분의 레이어가 nginx의 레이어 위에 놓일 뿐이에요.",
        ),
    },
    "publish": {
        "example": ("docker run -d -p 8080:80 --name site mysite",),
        "en": (
            "Open a port",
            "-p publishes port 80 of the container as port 8080 of the host. A button for it appears: open your page.",
        ),
        "ko": (
            "포트 열기",
            "-p는 컨테이너의 80번 포트(port)를 호스트(host)의 8080번 포트로 공개해요. 단추가 나타나면 눌러서 페이지를 "
            "열어 보세요.",
        ),
    },
    "copy": {
        "example": ("docker cp index.html site:/usr/share/nginx/html/",),
        "en": (
            "Change it while it runs",
            "Change index.html in the editor, save it, and copy it into the running container. The page is another "
            "one; the image is still the old one.",
        ),
        "ko": (
            "실행 중에 바꾸기",
            "편집기에서 index.html을 고쳐 저장하고, 실행 중인 컨테이너에 복사해 보세요. 페이지는 바뀌지만 이미지는 "
            "그대로예요.",
        ),
    },
    "undo": {
        "example": ("",),
        "en": (
            "Go back in time",
            "Try something daring, such as docker rm -f site. Then press “Undo”: the whole computer goes back to how "
            "it was before.",
        ),
        "ko": (
            "시간 되돌리기",
            "docker rm -f site처럼 과감한 명령을 해 본 다음 ‘되돌리기’를 눌러 보세요. 컴퓨터 전체가 그 전으로 "
            "돌아가요.",
        ),
    },
    "share": {
        "example": ("",),
        "en": (
            "Share it",
            "“Share” copies a link with all your commands in it. Whoever opens it gets the same session, down to the "
            "last id. Nothing is stored anywhere.",
        ),
        "ko": (
            "함께 보기",
            "‘공유’를 누르면 지금까지의 명령이 모두 담긴 링크가 복사돼요. 링크를 여는 사람은 ID까지 똑같은 세션을 "
            "보게 돼요. 어디에도 저장되지 않아요.",
        ),
    },
}
