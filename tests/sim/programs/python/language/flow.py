"""Loops, generators, comprehensions, matching, closures, exceptions on their way."""
import itertools
import json
import re
import string
from collections import Counter, defaultdict, deque, namedtuple


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


print([fib(i) for i in range(12)])


def countdown(n):
    try:
        while n:
            got = yield n
            if got:
                print("got", got)
            n -= 1
        return "done"
    finally:
        print("closed")


def both():
    result = yield from countdown(2)
    print("result", result)
    yield from "xy"


generator = countdown(3)
print(next(generator), generator.send("hello"), list(generator))
print(list(both()))
try:
    next(generator)
except StopIteration as end:
    print("stop", end.value)
print(next(generator, "nothing"))


def shape(value):
    match value:
        case 0 | None:
            return "nothing"
        case int(n) if n > 100:
            return f"large {n}"
        case [first, *rest]:
            return f"list {first} {rest}"
        case {"kind": kind, **more}:
            return f"map {kind} {more}"
        case str() as text:
            return "text " + text
        case _:
            return "other"


for value in (0, 101, 7, [1, 2, 3], {"kind": "k", "a": 1}, "hi", None):
    print(shape(value))

for n in range(2, 20):
    for d in range(2, n):
        if n % d == 0:
            break
    else:
        print(n, end=" ")
print()


def counter():
    count = 0

    def increment():
        nonlocal count
        count += 1
        return count

    return increment


increment = counter()
print(increment(), increment(), [f(2) for f in [lambda x, i=i: x * i for i in range(3)]])
matrix = [[1, 2, 3], [4, 5, 6]]
print([row[i] for i in range(3) for row in matrix if row[i] % 2], {k: v for k, v in zip("abc", itertools.count(1))})
print([w for w in ["a", "bb", "ccc"] if (size := len(w)) > 1], size)
first, *middle, last = range(5)
print(first, middle, last, *map(str.upper, "ab"), sep="-")
a, b = 1, 2
a, b = b, a
print(a, b, 3 if a > b else 4, not a, -a, ~b, a < 3 <= 3, a is not None)
print(f"{3.14159:.2f} {'a':>5}|{'b':<5}|{'c':^5}| {a=} {1000000:,} {255:#x} {'q'!r} {0.5:%}")
print("%d %s %5.1f %r" % (1, "two", 3.0, "four"), "{} {name} {0}".format(1, name="n") if False else "{0} {name} {0}".format(1, name="n"))
print(json.dumps({"b": [1, 2.5, None, True], "a": "é"}, sort_keys=True), json.loads('{"x": [1, {"y": null}]}'))
print(re.findall(r"(\w+)=(\d+)", "a=1 b=22"), re.sub("[aeiou]", lambda m: m.group().upper(), "education"))
print(Counter("mississippi").most_common(2), deque([1, 2, 3], maxlen=2), sorted({3, 1, 2}), string.ascii_lowercase[:3])
groups = defaultdict(list)
for word in ["apple", "avocado", "bean"]:
    groups[word[0]].append(word)
print(dict(groups), namedtuple("P", "x y")(1, 2), list(itertools.product("ab", [1, 2])))
print(sum(i * i for i in range(10)), max("abc", key=ord), any(x > 3 for x in [1, 5]), "".join(reversed("abc")))
print([1, 2] + [3], [0] * 3, "ab" * 2, {"a": 1, "b": 2}, [*range(3)], {1, 2} | {3}, (1,) + (2,))
text = """two
lines"""
print(text.splitlines(), text.replace("two", "2").title(), "a,b".partition(","), " x ".strip(), "x".zfill(3))
data = bytearray(b"abc")
data[0] = 122
print(data, bytes([65, 66]).decode(), 7 // 2, -7 // 2, -7 % 3, 2**10, 7 / 2, divmod(7, 2), round(2.5), 0.1 + 0.2)
x = [1, 2, 3, 4, 5]
x[1:3] = ["b"]
del x[-1]
print(x, x[::-1], x.index(4), 4 in x)
try:
    try:
        {}["missing"]
    except KeyError:
        int("z")
except ValueError as error:
    print(error, "during", repr(error.__context__))
for bad in ("1/0", "[][1]", "{}['k']", "int('x')", "'a' + 1", "None.x", "len(5)", "undefined", "fib()", "fib(1, 2)",
            "fib(n=1, m=2)", "(1, 2)[5]", "'%d' % 'x'", "sorted([1, 'a'])", "next(iter([]))", "open('/no/such/file')"):
    try:
        eval(bad)
    except Exception as error:
        print(bad, "->", type(error).__name__, error)
exec("made = 5 * 5")
print(made)  # noqa: F821
global_value = 1


def change():
    global global_value
    global_value += 1


change()
print(global_value)
assert global_value == 2, "never"
