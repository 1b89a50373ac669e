"""Classes, properties, inheritance, dataclasses, enumerations."""
import contextlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum


class Animal:
    count = 0

    def __init__(self, name, legs=4):
        self.name, self.legs = name, legs
        self.__secret = 3
        Animal.count += 1

    def __repr__(self):
        return f"{type(self).__name__}({self.name!r})"

    def speak(self):
        return f"{self.name} makes a sound {self.__secret}"

    @property
    def upper(self):
        return self.name.upper()

    @upper.setter
    def upper(self, value):
        self.name = value.lower()

    @staticmethod
    def make(name):
        return Animal(name)

    @classmethod
    def of(cls, name):
        return cls(name)

    def __lt__(self, other):
        return self.name < other.name


class Dog(Animal):
    def speak(self):
        return super().speak() + " woof"


class Mixin:
    def hello(self):
        return "hello " + self.name


class Puppy(Mixin, Dog):
    pass


dog = Dog("Rex")
print(dog, dog.speak(), dog.upper, Dog.of("b"), Animal.make("z"), dog.legs, Animal.count)
dog.upper = "MAX"
print(dog.name, sorted([dog, Dog("abe")]), Puppy("p").hello(), [kind.__name__ for kind in Puppy.__mro__])
print(isinstance(Puppy("q"), Animal), issubclass(Puppy, Mixin), hasattr(dog, "tail"), getattr(dog, "tail", None))
print(vars(Dog("v")).get("name"), dog.__dict__["legs"])
try:
    dog.nothing
except AttributeError as error:
    print(error)


@dataclass(order=True)
class Point:
    x: int
    y: int = 2
    tags: list = field(default_factory=list)

    def norm(self):
        return (self.x**2 + self.y**2) ** 0.5


print(Point(1), Point(1) == Point(1), Point(0) < Point(3), Point(3, 4).norm())


class Colour(Enum):
    RED = 1
    BLUE = 2

    def other(self):
        return Colour.BLUE if self is Colour.RED else Colour.RED


print(Colour.RED, list(Colour), Colour.RED.value, Colour["BLUE"], Colour(1).other())


class Shape(ABC):
    @abstractmethod
    def area(self): ...


class Square(Shape):
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side**2


print(Square(3).area())
try:
    Shape()
except TypeError as error:
    print(type(error).__name__)


class Stack(list):
    def push(self, value):
        self.append(value)
        return self


print(Stack([1]).push(2), len(Stack([1, 2])), Stack([3]) == [3])


class Problem(Exception):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code


class Worse(Problem):
    pass


for kind in (Worse, Problem, ValueError):
    try:
        raise kind(5)
    except Problem as error:
        print("caught", error, error.code, repr(error), type(error).__name__)
    except (ValueError, KeyError) as error:
        print("other", error)
    finally:
        print("at last")


@contextlib.contextmanager
def around(name):
    print("in", name)
    try:
        yield name.upper()
    finally:
        print("out", name)


with around("a") as first, around("b") as second:
    print(first, second)


class Table:
    def __init__(self):
        self.rows = {}

    def __getitem__(self, key):
        return self.rows[key]

    def __setitem__(self, key, value):
        self.rows[key] = value

    def __delitem__(self, key):
        del self.rows[key]

    def __contains__(self, key):
        return key in self.rows

    def __call__(self, *args):
        return len(args)

    def __bool__(self):
        return bool(self.rows)


table = Table()
print(bool(table))
table["a"] = 1
table["a"] += 4
print(table["a"], "a" in table, table(1, 2), bool(table))
del table["a"]
print("a" not in table)
