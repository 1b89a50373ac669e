"""What models and engine call things, as a reader of Korean would: machines, what lies on what, what a layer says.

A proper name (QEMU, Docker) stays as it is, and so does whatever is not here.
"""

from __future__ import annotations

from classroom.texts import language

KOREAN = {
    "bare server": "맨 서버", "container": "컨테이너", "microVM": "마이크로VM", "VM, type 1": "가상 머신, 타입 1",
    "VM, type 2": "가상 머신, 타입 2", "container, WSL 2": "컨테이너, WSL 2",
    "container, Hyper-V": "컨테이너, Hyper-V", "container, macOS": "컨테이너, macOS",
    "hardware": "하드웨어", "Linux": "리눅스", "Linux + KVM": "리눅스 + KVM", "Linux machine": "리눅스 가상 머신",
    "hypervisor, Dom0": "하이퍼바이저, Dom0", "guest system": "게스트 운영체제", "guest kernel": "게스트 커널",
    "program": "프로그램",
    "its own": "자기 것", "the host's": "호스트의 것", "the machine's around it": "바깥 가상 머신의 것",
    "engine": "엔진", "machine": "가상 머신", "kernel": "커널", "user space": "사용자 공간",
    "virtual machines": "가상 머신", "containers": "컨테이너",
    "file": "파일", "directory": "디렉터리", "link": "링크", "changed": "바뀜", "added": "추가됨", "deleted": "지워짐",
    "containers, one server less": "컨테이너, 서버가 한 대 줄었을 때",
}  # fmt: skip


def named(name: str) -> str:
    """In the notebook's language."""
    return KOREAN.get(name, name) if language() == "ko" else name
