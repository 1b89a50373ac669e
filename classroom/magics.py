"""docker in a notebook: `!docker run alpine ls` as in any tutorial, `%docker …`, and `%%docker` for many lines;
`%%host` for the host itself, in Linux's own words.

The hook changes two functions of the IPython shell, `system` (`!…`) and `getoutput` (`x = !…`): lines with a docker
command in them, and `!sleep 3`, are run by the lab, on its clock; all others go on to the computer's shell, untouched.
Contexts are Docker's word for
"which daemon": `%docker context use real`, `%docker --context real ps`.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from IPython.core.magic import no_var_expand
from IPython.utils.text import LSString, SList

from classroom.explain import explain
from classroom.lab import Lab, Ran
from classroom.predict import Predictions
from classroom.screen import Screen
from classroom.shell import concerns_us
from classroom.texts import tell

HOSTS = ("sim", "real")
NO_TERMINAL = "the input device is not a TTY"  # docker's words for -t where there is none
VARIABLE = re.compile(r"(?<![{$\\])\{([^{}\n]+)\}(?!\})|(?<![\\$])\$([A-Za-z_]\w*)")


class Classroom:
    """The labs of one notebook, one for each context that was used, and which one is in use."""

    def __init__(self, ipython: Any, seed: int | None = None) -> None:
        self.ipython = ipython
        self._seed = seed
        self._labs: dict[str, Lab] = {}
        self.context = "sim"
        self._system, self._getoutput = ipython.system, ipython.getoutput

    @property
    def lab(self) -> Lab:
        """Of the context in use."""
        return self.of(self.context)

    def of(self, context: str) -> Lab:
        """Raises Failure for a context that is not there, CannotConnect."""
        if context not in self._labs:
            host = context if context in HOSTS else self.of("sim").contexts.find(context).host
            self._labs[context] = Lab(host, seed=self._seed)
        return self._labs[context]

    def enter(self, lab: Lab) -> None:
        """Use this lab from now on, in the context in use: it is the notebook's `lab`, and its `view` is `view`."""
        self._labs[self.context] = lab
        self.ipython.push({"lab": lab, "view": lab.view}, interactive=False)

    def run(self, text: str, show: bool = True) -> Ran:
        """Run lines in the context that they name, or in the one in use; print as it comes."""
        text, context = self._choose(text)
        lab = self.of(context)
        ran = lab.run(text, write=Screen(lab.moment).write if show else None)
        if NO_TERMINAL in ran.err and show:
            print(tell("no terminal"))
        self.ipython.user_ns["_exit_code"] = ran.exit
        return ran

    def _choose(self, text: str) -> tuple[str, str]:
        """Docker's own words for contexts: --context NAME, -c NAME, `context use NAME`."""
        words = text.split()
        for option in ("--context", "-c"):
            if words[1:2] == [option] and len(words) > 2:
                return text.replace(f"{option} {words[2]} ", "", 1), words[2]
            if words[1:2] and words[1].startswith(f"{option}="):
                return text.replace(words[1] + " ", "", 1), words[1].partition("=")[2]
        if words[1:3] == ["context", "use"] and len(words) == 4 and self._known(words[3]):
            self.context = "sim" if words[3] == "default" else words[3]
            self.ipython.push({"lab": self.lab, "view": self.lab.view}, interactive=False)
            return f"echo {words[3]}; echo 'Current context is now \"{words[3]}\"' >&2", "sim"
        if words[1:2] == ["context"]:  # no daemon is asked; they are kept with the first lab
            return text.replace("context", f"--context {self.context} context", 1), "sim"
        return text, self.context

    def _known(self, context: str) -> bool:
        return context in HOSTS or any(each.name == context for each in self.of("sim").contexts.all())

    # -- hooks

    @no_var_expand
    def docker(self, line: str, cell: str | None = None) -> None:
        """`%docker LINE`; `%%docker` runs each line of a cell (the word docker may be left out)."""
        if cell is None:
            self.run(self._expanded(f"docker {line}"))
        else:
            self.run("\n".join(_with_docker(each) for each in cell.splitlines()))

    @no_var_expand
    def host(self, line: str, cell: str | None = None) -> None:
        """`%host LINE`: a line for a shell on the host itself, with `{expressions}` as in `!` lines.

        `%%host [NAME]`: a cell for the shell of that name, as it stands.
        """
        if cell is None:
            ran = self.lab.host(self._expanded(line), write=Screen(self.lab.moment).write)
        else:
            ran = self.lab.host(cell, line.strip(), Screen(self.lab.moment).write)
        self.ipython.user_ns["_exit_code"] = ran.exit

    def system(self, command: str) -> None:
        if self._ours(command):
            self.run(self._expanded(command))
        else:
            self._system(command)

    def getoutput(self, command: str, split: bool = True, depth: int = 0) -> Any:
        if not self._ours(command):
            return self._getoutput(command, split=split, depth=depth + 1)
        ran = self.run(self._expanded(command), show=False)
        if ran.err:
            sys.stderr.write(ran.err)
        return SList(ran.out.splitlines()) if split else LSString(ran.out)

    def _expanded(self, text: str) -> str:
        """`{expression}` and `$name` of the notebook's own variables, as in any `!` line; Docker's `{{.Names}}` stays.

        So does what is no expression of Python: `${HOME}`, awk's `{print $1}`, the shell's `{1..3}`.
        """
        names = self.ipython.user_ns

        def value(match: re.Match[str]) -> str:
            expression = match[1] or match[2]
            if expression.isidentifier() and expression not in names:
                return match[0]
            try:
                return str(eval(expression, names))
            except Exception:
                return match[0]

        return VARIABLE.sub(value, text)

    def _ours(self, command: str) -> bool:
        return any(word in command for word in ("docker", "sleep")) and concerns_us(command)


def _with_docker(line: str) -> str:
    """A line of a `%%docker` cell: `ps -a` and `docker ps -a` are both meant."""
    from engine.client.command import ACTIONS

    first = line.split(None, 1)[:1]
    known = {name.split()[0] for name in ACTIONS}
    return f"docker {line}" if first and first[0] in known else line


def load(ipython: Any) -> Classroom:
    """Hook a shell, and put `lab`, `view`, `predict` and `observe` into its variables. A second time does nothing."""
    known = getattr(ipython, "glassdock", None)
    if isinstance(known, Classroom):
        return known
    room = Classroom(ipython)
    ipython.system, ipython.getoutput = room.system, room.getoutput
    ipython.register_magic_function(room.docker, "line_cell", "docker")
    ipython.register_magic_function(room.host, "line_cell", "host")
    explain(ipython)
    questions = Predictions()
    names = {"lab": room.lab, "view": room.lab.view, "predict": questions.predict, "observe": questions.observe}
    ipython.push(names, interactive=False)
    ipython.glassdock = room
    return room
