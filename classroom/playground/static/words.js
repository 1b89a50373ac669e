// What the page itself says, in each language. The tour's words come from the session.

const WORDS = {
  en: {
    playground: "playground", skip: "To the command line", tools: "Session", undo: "Undo", restart: "Restart",
    share: "Share", notebook: "Notebook", tour: "Tour", language: "Language", theme: "Light or dark",
    "tour-steps": "Steps of the tour", "type-it": "Type it for me:", done: "done", "all-done": "You have seen it all",
    "all-done-text": "Go on as you like: this whole computer is yours, and nothing in it can break.",
    break: "Break something", faults: "Break something on purpose", close: "Close", heal: "Make all well again",
    "faults-text": "Each of these is a command of your session: it can be undone, and goes with a shared link.",
    "fault-hub-down": "The hub does not answer", "fault-hub-slow": "The hub is slow",
    "fault-hub-limit": "The hub's pull limit is used up", "fault-hub-corrupt": "nginx arrives damaged",
    "fault-no-names": "No name server answers", "fault-disk-full": "The disk is full",
    "fault-clock": "The clock is ten years ahead", "fault-oom": "{name} runs out of memory",
    terminal: "Terminal", screen: "Output of the terminal", command: "Command line", options: "Completions",
    stop: "stop", panels: "Panels", glass: "Glass wall", files: "Files", browser: "Browser", views: "Views",
    of: "Container", "as-words": "In words", picture: "Picture", words: "The picture in words", time: "Time",
    back: "One command back", on: "One command on", step: "Moment", beginning: "The beginning", now: "Now",
    file: "File", save: "Save", saved: "Saved", "file-list": "Files in your folder", text: "Text of the file",
    reload: "Reload", address: "Address", go: "Go", ports: "Published ports", page: "Page of the container",
    "no-ports": "No port is published yet. Try: docker run -d -p 8080:80 nginx",
    nobody: "This site can't be reached: nobody listens on port {port}.",
    "not-here": "This address leads out of the simulated computer.",
    "view-flow": "Flow", "view-layers": "Layers", "view-life": "Life", "view-processes": "Processes",
    "view-kernel": "Kernel", "view-network": "Network", "view-timeline": "Timeline",
    "about-flow": "The last command on its way: from the client to the daemon, the hub and the host.",
    "about-layers": "Images are piles of layers; what two of them share is there once.",
    "about-life": "The states of a container, and what each command would do now.",
    "about-processes": "A container's processes are processes of the host, with other numbers inside.",
    "about-kernel": "What the kernel was asked to do, so that this became a container.",
    "about-network": "Bridges, addresses, and the ports that lead in from outside.",
    "about-timeline": "Every command, and the state of each container after it.",
    "hint-line": "Tab completes, ↑ brings back earlier commands. To leave with Tab, press Escape first.",
    "hint-busy": "The command is at work. Ctrl+C stops it.",
    "hint-keys": "Your keys go to the program in the container. F6 leaves the terminal.",
    "hint-text": "What you type goes to the program line by line. Ctrl+D ends it.",
    "hint-secret": "A password is not shown, and links have stars in its place.",
    shared: "The link is in your clipboard. It holds all your commands.",
    "shared-here": "The address of this page holds all your commands: copy it.",
    "sure-restart": "Begin anew? Your session stays in the link, if you have shared it.",
    lost: "The session's computer cannot be reached.", full: "Too many tabs are open. Close one of them.",
    asleep: "This session fell asleep.", ended: "The session has ended.", "go-on": "Go on where you were",
    opened: "A shared session: {count} commands were done again, with the same ids.",
    "problem-link": "This link cannot be read", "problem-file": "The file could not be read or saved",
    "problem-message": "That was not understood", "problem-fault": "That cannot be broken",
    "problem-internal": "Something went wrong here; the session goes on", welcome: "Welcome! Type a docker command, or follow the tour.",
  },
  ko: {
    playground: "놀이터", skip: "명령줄로 가기", tools: "세션", undo: "되돌리기", restart: "다시 시작", share: "공유",
    notebook: "노트북", tour: "둘러보기", language: "언어", theme: "밝게 또는 어둡게", "tour-steps": "둘러보기 단계",
    "type-it": "대신 입력하기:", done: "완료", "all-done": "모두 둘러봤어요",
    "all-done-text": "이제 마음껏 해 보세요. 이 컴퓨터는 통째로 여러분 것이고, 무엇을 해도 고장 나지 않아요.",
    break: "고장 내기", faults: "일부러 고장 내 보기", close: "닫기", heal: "모두 고치기",
    "faults-text": "누르면 명령으로 실행돼요. 되돌릴 수 있고, 공유 링크에도 함께 남아요.",
    "fault-hub-down": "허브(hub)가 응답하지 않아요", "fault-hub-slow": "허브가 느려요",
    "fault-hub-limit": "허브에서 내려받는(pull) 한도를 다 썼어요", "fault-hub-corrupt": "nginx 이미지가 깨져서 와요",
    "fault-no-names": "네임 서버(DNS)가 응답하지 않아요", "fault-disk-full": "디스크가 가득 찼어요",
    "fault-clock": "시계가 10년 빨라요", "fault-oom": "{name} 컨테이너의 메모리가 바닥나요",
    terminal: "터미널", screen: "터미널 출력", command: "명령줄", options: "자동 완성", stop: "멈추기", panels: "화면",
    glass: "유리벽", files: "파일", browser: "브라우저", views: "보기", of: "컨테이너", "as-words": "글로 보기",
    picture: "그림", words: "그림을 글로 옮긴 것", time: "시간", back: "한 명령 뒤로", on: "한 명령 앞으로",
    step: "시점", beginning: "처음", now: "지금", file: "파일", save: "저장", saved: "저장했어요",
    "file-list": "내 폴더의 파일", text: "파일 내용", reload: "새로 고침", address: "주소", go: "이동",
    ports: "공개된 포트", page: "컨테이너의 페이지",
    "no-ports": "아직 공개된 포트가 없어요. 이렇게 해 보세요: docker run -d -p 8080:80 nginx",
    nobody: "사이트에 연결할 수 없어요. {port}번 포트에서 듣고 있는 프로그램이 없어요.",
    "not-here": "이 주소는 시뮬레이션 컴퓨터 밖으로 나가요.",
    "view-flow": "흐름", "view-layers": "레이어", "view-life": "일생", "view-processes": "프로세스",
    "view-kernel": "커널", "view-network": "네트워크", "view-timeline": "시간표",
    "about-flow": "방금 명령이 지나간 길이에요. 클라이언트에서 데몬, 허브, 호스트까지 이어져요.",
    "about-layers": "이미지는 레이어(layer)를 쌓은 것이에요. 함께 쓰는 레이어는 하나만 있어요.",
    "about-life": "컨테이너의 상태와, 지금 각 명령을 내리면 일어날 일이에요.",
    "about-processes": "컨테이너의 프로세스는 호스트의 프로세스예요. 안에서는 번호만 달라요.",
    "about-kernel": "컨테이너가 되도록 커널(kernel)에 부탁한 일들이에요.",
    "about-network": "브리지(bridge)와 주소, 그리고 밖에서 들어오는 포트예요.",
    "about-timeline": "명령마다 컨테이너의 상태가 어떻게 바뀌었는지 보여 줘요.",
    "hint-line": "Tab은 자동 완성, ↑는 지난 명령이에요. Tab으로 나가려면 Escape를 먼저 누르세요.",
    "hint-busy": "명령을 실행하고 있어요. Ctrl+C로 멈출 수 있어요.",
    "hint-keys": "누르는 키가 컨테이너 안의 프로그램으로 가요. F6을 누르면 터미널에서 나와요.",
    "hint-text": "입력한 내용이 한 줄씩 프로그램으로 가요. Ctrl+D로 끝내요.",
    "hint-secret": "비밀번호는 화면에 보이지 않고, 링크에는 별표로 남아요.",
    shared: "링크를 클립보드에 복사했어요. 지금까지의 명령이 모두 들어 있어요.",
    "shared-here": "이 페이지의 주소에 지금까지의 명령이 모두 들어 있어요. 주소를 복사하세요.",
    "sure-restart": "처음부터 다시 시작할까요? 공유해 둔 링크가 있으면 지금 세션은 그 링크에 남아 있어요.",
    lost: "세션이 있는 컴퓨터에 연결할 수 없어요.", full: "열린 탭이 너무 많아요. 하나를 닫아 주세요.",
    asleep: "오래 쉬어서 세션이 잠들었어요.", ended: "세션이 끝났어요.", "go-on": "이어서 하기",
    opened: "공유된 세션이에요. 명령 {count}개를 똑같은 ID로 다시 실행했어요.",
    "problem-link": "이 링크를 읽을 수 없어요", "problem-file": "파일을 읽거나 저장할 수 없어요",
    "problem-message": "알아듣지 못했어요", "problem-fault": "그것은 고장 낼 수 없어요",
    "problem-internal": "여기에서 문제가 생겼지만 세션은 계속돼요", welcome: "반가워요! docker 명령을 입력하거나 둘러보기를 따라 해 보세요.",
  },
}; // prettier-ignore

let language = "en";

export const LANGUAGES = Object.keys(WORDS);

export function word(key) {
  return WORDS[language][key] ?? key;
}

/** Speak this language from now on, wherever the page has a `data-word`, `data-label` or `data-title`. */
export function speak(chosen) {
  language = chosen;
  document.documentElement.lang = chosen;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", word(element.dataset.label));
    if (element.localName === "button") element.title = word(element.dataset.label);
  }
  for (const element of document.querySelectorAll("[data-title]")) element.title = word(element.dataset.title);
  document.title = `Glassdock ${word("playground")}`;
}
