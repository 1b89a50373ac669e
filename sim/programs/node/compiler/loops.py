"""Loops, `switch`, labels, and the jumps out of them.

All become `while True:` of Python. A jump to a loop further out leaves the inner ones one by one: it notes where it
goes in `leaving`, and after each loop stands a look at that.
"""

from __future__ import annotations

import ast

from sim.programs.node.compiler import python as py
from sim.programs.node.compiler.assigning import bind, update
from sim.programs.node.compiler.emitter import Emitter, Target
from sim.programs.node.compiler.expressions import expression, test
from sim.programs.node.compiler.statements import block_body, body_of, statement
from sim.programs.node.syntax import nodes as n

LOOPS = (n.For, n.ForEach, n.While, n.DoWhile)


def labelled(e: Emitter, node: n.Labelled) -> list[ast.stmt]:
    labels, inner = {node.label}, node.body
    while isinstance(inner, n.Labelled):
        labels.add(inner.label)
        inner = inner.body
    if isinstance(inner, LOOPS):
        e.next_labels = labels
        return statement(e, inner)
    target = _enter(e, "block", labels)
    body = [*statement(e, inner), ast.Break()]
    return _leave(e, target, py.forever(body))


def _enter(e: Emitter, kind: str, labels: set[str] | None = None) -> Target:
    if labels is None:
        labels, e.next_labels = e.next_labels, set()
    target = Target(kind, labels, e.number())
    e.targets.append(target)
    return target


def _leave(e: Emitter, target: Target, loop: ast.stmt, around: list[ast.stmt] | None = None) -> list[ast.stmt]:
    """The loop (or what is around it), and where jumps that leave it go on."""
    e.targets.remove(target)
    found = around if around is not None else [loop]
    if not target.leaving:
        return found
    further: list[ast.stmt] = []
    for goal, kind in dict.fromkeys(target.leaving):
        number = py.const(_number(goal, kind))
        here = ast.Compare(py.name("leaving"), [ast.Eq()], [number])
        if e.targets and e.targets[-1] is goal:
            go: list[ast.stmt] = [py.put("leaving", py.const(0)), ast.Continue() if kind == "continue" else ast.Break()]
        else:
            go = [ast.Break()]
            e.targets[-1].leaving.append((goal, kind))
        further.append(py.if_(here, go))
    return [py.put("leaving", py.const(0)), *found, *further]


def _number(goal: Target, kind: str) -> int:
    return goal.number if kind == "break" else -goal.number


def jump(e: Emitter, node: n.Jump) -> list[ast.stmt]:
    """Raises JSSyntaxError for one to nowhere."""
    goal = _goal(e, node)
    if node.kind == "continue":
        goal.continued = True
    if goal is e.targets[-1]:
        return [ast.Continue() if node.kind == "continue" else ast.Break()]
    e.targets[-1].leaving.append((goal, node.kind))
    return [py.put("leaving", py.const(_number(goal, node.kind))), ast.Break()]


def _goal(e: Emitter, node: n.Jump) -> Target:
    for target in reversed(e.targets):
        fits = target.kind == "loop" or (target.kind == "switch" and node.kind == "break")
        if node.label in target.labels if node.label else fits:
            return target
    end = node.start + len(node.kind)
    if node.label:
        raise e.error(f"Undefined label '{node.label}'", end + 1, end + 1 + len(node.label))
    message = "Illegal break statement" if node.kind == "break" else \
        "Illegal continue statement: no surrounding iteration statement"  # fmt: skip
    raise e.error(message, node.start, end)


def _tick(e: Emitter, node: n.Node) -> ast.stmt:
    """Each round costs a step, and lets others run now and then."""
    return e.at(node.start, py.do(ast.Yield(None)))


def while_(e: Emitter, node: n.While) -> list[ast.stmt]:
    with e.inside(e.scopes.of[node]):
        target = _enter(e, "loop")
        condition = test(e, node.test)
        body = [_tick(e, node), *e.settled(), py.if_(py.not_(condition), [ast.Break()]), *body_of(e, node.body)]
        return _leave(e, target, py.forever(body))


def do_while(e: Emitter, node: n.DoWhile) -> list[ast.stmt]:
    with e.inside(e.scopes.of[node]):
        target, first = _enter(e, "loop"), e.temporary()
        condition = test(e, node.test)
        again = [*e.settled(), py.if_(py.not_(condition), [ast.Break()])]
        body = [_tick(e, node), py.if_(py.name(first), [py.put(first, py.const(False))], again), *body_of(e, node.body)]
        return _leave(e, target, py.forever(body), [py.put(first, py.const(True)), py.forever(body)])


def for_(e: Emitter, node: n.For) -> list[ast.stmt]:
    scope = e.scopes.of[node]
    labels, e.next_labels = e.next_labels, set()
    with e.inside(scope):
        begin = [*e.boxes(scope), *(statement(e, node.init) if node.init is not None else [])]
        target = _enter(e, "loop", labels)
        condition: list[ast.stmt] = []
        if node.test is not None:
            value = test(e, node.test)
            condition = [*e.settled(), py.if_(py.not_(value), [ast.Break()])]
        again: list[ast.stmt] = [py.put(one.code, py.method(py.name(one.code), "copy"))
                                 for one in scope.variables.values() if one.boxed]  # fmt: skip
        if node.update is not None:
            changed = (update(e, node.update, used=False) if isinstance(node.update, n.Update)
                       else expression(e, node.update))  # fmt: skip
            again += e.settled(py.do(changed))
        body = body_of(e, node.body)
        if not target.continued or not again:
            return _leave(e, target, ast.Pass(), [*begin, py.forever([_tick(e, node), *condition, *body, *again])])
        first = e.temporary()
        update_ = py.if_(py.name(first), [py.put(first, py.const(False))], again)
        loop = py.forever([_tick(e, node), update_, *condition, *body])
        return _leave(e, target, loop, [*begin, py.put(first, py.const(True)), loop])


def for_each(e: Emitter, node: n.ForEach) -> list[ast.stmt]:
    labels, e.next_labels = e.next_labels, set()
    value = expression(e, node.value)
    opened = {"of": "iterate", "in": "keys_of", "await": "iterate_async"}[node.kind]
    walk, step = e.temporary(), e.temporary()
    begin = e.settled(py.put(walk, e.at(node.value.start, py.call(opened, value))))
    scope = e.scopes.of[node]
    with e.inside(scope):
        target = _enter(e, "loop", labels)
        advanced = e.maybe(e.at(node.start, py.method(py.name(walk), "step")), node.start)
        if node.kind == "await":
            advanced = e.at(node.start, ast.Yield(py.call("Await", advanced)))
            advanced = e.at(node.start, py.method(py.name(walk), "opened", advanced))
        body: list[ast.stmt] = [_tick(e, node), py.put(step, advanced)]
        body.append(py.if_(py.is_(py.name(step), py.name("DONE")), [ast.Break()]))
        body += e.boxes(scope)
        parts = bind(e, node.target, py.name(step), first=bool(node.declared))
        body += e.settled(*(py.do(part) for part in parts))
        body += body_of(e, node.body)
        loop = py.forever(body)
        if node.kind == "in":
            return [*begin, *_leave(e, target, loop)]
        # an iterator that is not at its end is told so
        close = py.do(e.maybe(py.method(py.name(walk), "close"), node.start))
        closed = py.if_(ast.BoolOp(ast.And(), [ast.Attribute(py.name(walk), "open", py.LOAD),
                                               py.not_(py.call("abandoned"))]), [close])  # fmt: skip
        return [*begin, *_leave(e, target, loop, [ast.Try([loop], [], [], [closed])])]


def switch(e: Emitter, node: n.Switch) -> list[ast.stmt]:
    """Which case it is; then the bodies from that on."""
    scope, held, chosen = e.scopes.of[node], e.temporary(), e.temporary()
    begin = e.settled(py.put(held, expression(e, node.value)))
    begin += e.settled()
    with e.inside(scope):
        otherwise = next((index for index, (test_, _) in enumerate(node.cases) if test_ is None), len(node.cases))
        which: ast.expr = py.const(otherwise)
        tests = [(index, expression(e, test_)) for index, (test_, _) in enumerate(node.cases) if test_ is not None]
        begin += e.settled()
        for index, value in reversed(tests):
            which = py.either(py.call("same", py.name(held), value), py.const(index), which)
        target = _enter(e, "switch", set())
        every = [one for _, body in node.cases for one in body]
        declared = block_body(e, [one for one in every if isinstance(one, n.Function) and one.declared], scope)
        body: list[ast.stmt] = []
        for index, (_, inner) in enumerate(node.cases):
            statements = [part for one in inner for part in statement(e, one)]
            reached = ast.Compare(py.name(chosen), [ast.LtE()], [py.const(index)])
            if statements:
                body.append(py.if_(reached, statements))
        loop = py.forever([*body, ast.Break()])
        return [*declared, *begin, py.put(chosen, which), *_leave(e, target, loop)]
