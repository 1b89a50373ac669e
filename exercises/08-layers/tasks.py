"""Lesson 8: layers are piled up and shared, a change copies a whole file, and what lies below stays where it is."""

from classroom.exercises.authoring import *

SMALL = OneOf("alpine", "busybox")
WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
VERSION = 'docker run --name draft alpine sh -c "dd if=/dev/zero of=/data bs=1M count={mib}; echo %s > /version"'
FIRST = "$(docker inspect -f '{{.Parent}}' $(docker inspect -f '{{.Parent}}' {kitchen}))"  # the state two steps ago

TASKS = (
    Task(
        "three-storeys",
        Level.FOLLOW,
        misconceptions=(2, 16),
        real=True,
        draws={"image": SMALL, "lower": Name(), "upper": Name(), "house": Name(), "word": WORD, "roof": WORD},
        criteria=(
            Criterion("lower", 1, Length(Inspect("image", "{lower}", "RootFS.Layers")), Is(2)),
            Criterion("upper", 1, Length(Inspect("image", "{upper}", "RootFS.Layers")), Is(3)),
            Criterion("shares", 2, Shared("{lower}", "{upper}"), Is(2)),
            Criterion("seen", 1, File("{house}", "/lower"), Is("{word}")),
            Criterion("roof", 1, File("{house}", "/upper"), Is("{roof}")),
            Criterion("nothing-own", 1, Length(Changes("{house}")), Is(0), hidden=True),
        ),
        solution=(
            "docker run --name first {image} sh -c 'echo {word} > /lower'",
            "docker commit first {lower}",
            "docker run --name second {lower} sh -c 'echo {roof} > /upper'",
            "docker commit second {upper}",
            "docker rm first second",
            "docker run --name {house} {upper} cat /lower /upper",
        ),
        wrong=(
            Wrong(  # all in one step: one layer
                (
                    "docker run --name first {image} sh -c 'echo {word} > /lower; echo {roof} > /upper'",
                    "docker commit first {lower}",
                    "docker commit first {upper}",
                    "docker run --name {house} {upper} cat /lower /upper",
                ),
                fails=("upper",),
                says=": 2.",
            ),
            Wrong(  # two piles of their own
                (
                    "docker run --name first {image} sh -c 'echo {word} > /lower'",
                    "docker commit first {lower}",
                    "docker run --name second {image} sh -c 'echo {roof} > /upper'",
                    "docker commit second {upper}",
                    "docker run --name {house} {upper} sh -c 'echo {word} > /lower'",
                ),
                fails=("upper", "shares", "nothing-own"),
                says="share: 1",
            ),
        ),
    ),
    Task(
        "one-step",
        Level.APPLY,
        misconceptions=(14,),
        real=True,
        draws={"slim": Name(), "proof": Name(), "mib": Number(20, 45)},
        criteria=(
            Criterion("size", 2, File("{proof}", "/size"), Is("{mib*1048576}")),
            Criterion("image", 1, Inspect("container", "{proof}", "Image"), Same(Inspect("image", "{slim}"))),
            Criterion("small", 3, Inspect("image", "{slim}", "Size"), AtMost("{mib*1000000}")),
            Criterion("gone", 1, File("{proof}", "/download"), Gone(Inspect("container", "{proof}"))),
            Criterion("from-image", 1, Length(Changes("{proof}")), Is(0), hidden=True),
        ),
        solution=(
            "docker run --name draft alpine sh -c "
            "'dd if=/dev/zero of=/download bs=1M count={mib}; wc -c < /download > /size; rm /download'",
            "docker commit draft {slim}",
            "docker rm draft",
            "docker run --name {proof} {slim} cat /size",
        ),
        wrong=(
            Wrong(  # deleted one step too late
                (
                    "docker run --name draft alpine sh -c "
                    "'dd if=/dev/zero of=/download bs=1M count={mib}; wc -c < /download > /size'",
                    "docker commit draft fat",
                    "docker run --name cleaner fat rm /download",
                    "docker commit cleaner {slim}",
                    "docker run --name {proof} {slim} cat /size",
                ),
                fails=("small",),
                says="or less",
            ),
            Wrong(  # the work done in the container that should only show it
                (
                    "docker create --name draft alpine",
                    "docker commit draft {slim}",
                    "docker run --name {proof} {slim} sh -c "
                    "'dd if=/dev/zero of=/download bs=1M count={mib}; wc -c < /download > /size'",
                ),
                fails=("gone", "from-image"),
                says="Expected: nothing",
            ),
        ),
    ),
    Task(
        "not-one-byte",
        Level.APPLY,
        misconceptions=(14, 22),
        draws={
            "archive": Name(),
            "keeper": Name(),
            "eraser": Name(),
            "locked": Name(),
            "erased": Name(),
            "mib": Number(12, 48),
        },
        setup=(
            "docker run --name draft alpine sh -c 'dd if=/dev/zero of=/big bs=1M count={mib}; chmod 644 /big'",
            "docker commit draft {archive}",
            "docker rm draft",
        ),
        predictions=("locked", "erased"),
        criteria=(
            Criterion("predicted-locked", 1, Predicted("locked"), There()),
            Criterion("predicted-erased", 1, Predicted("erased"), There()),
            Criterion("changed", 1, Changes("{keeper}"), Has("C /big")),
            Criterion("deleted", 1, Changes("{eraser}"), Has("D /big")),
            Criterion("locked", 1, Inspect("image", "{locked}", "Size"), AtLeast("{mib*2097152}")),
            Criterion("erased", 1, Length(Inspect("image", "{erased}", "RootFS.Layers")), Is(3)),
            Criterion("same-pile", 1, Shared("{locked}", "{erased}"), Is(2), hidden=True),
        ),
        explain=Explain(3),
        solution=(
            "predict locked 0",
            "predict erased -{mib}",
            "docker run --name {keeper} {archive} chmod 600 /big",
            "docker commit {keeper} {locked}",
            "docker run --name {eraser} {archive} rm /big",
            "docker commit {eraser} {erased}",
        ),
        wrong=(
            Wrong(  # one after the other: a second pile on the first
                (
                    "predict locked 0",
                    "predict erased 0",
                    "docker run --name {keeper} {archive} chmod 600 /big",
                    "docker commit {keeper} {locked}",
                    "docker run --name {eraser} {locked} rm /big",
                    "docker commit {eraser} {erased}",
                ),
                fails=("erased", "same-pile"),
                says=": 4.",
            ),
            Wrong(
                (
                    "docker run --name {keeper} {archive} chmod 600 /big",
                    "predict locked {mib}",
                    "docker commit {keeper} {locked}",
                    "docker run --name {eraser} {archive} rm /big",
                    "predict erased 0",
                    "docker commit {eraser} {erased}",
                ),
                fails=("predicted-locked", "predicted-erased"),
                says="before the experiment",
            ),
            Wrong(
                (
                    "predict locked 0",
                    "predict erased 0",
                    "docker run --name {keeper} {archive} ls -l /big",
                    "docker commit {keeper} {locked}",
                    "docker run --rm --name {eraser} {archive} rm /big",
                    "docker tag {archive} {erased}",
                ),
                fails=("changed", "deleted", "locked", "erased"),
                says="docker diff",
            ),
        ),
    ),
    Task(
        "lost-recipe",
        Level.DIAGNOSE,
        misconceptions=(2, 14),
        real=True,
        draws={"kitchen": Name(), "cook": Name(), "grams": Number(110, 990), "word": WORD, "oven": Number(140, 240)},
        setup=(
            "docker run -d --name draft alpine sleep 900",
            "docker exec draft sh -c 'echo {grams} g of {word} > /recipe; echo 90 > /oven'",
            "docker commit draft {kitchen}",
            "docker rm -f draft",
            "docker run --name draft {kitchen} rm /recipe",
            "docker commit draft {kitchen}",
            "docker rm draft",
            "docker run --name draft {kitchen} sh -c 'echo {oven} > /oven'",
            "docker commit draft {kitchen}",
            "docker rm draft",
        ),
        criteria=(
            Criterion(  # says what is looked for, not what it is: that is to be found in the layers
                "recipe",
                3,
                File("{cook}", "/recipe"),
                Matches("{grams} g of {word}", Text("the recipe as it was", "원래 조리법")),
            ),
            Criterion("oven", 1, File("{cook}", "/oven"), Is("{oven}")),
            Criterion("image", 1, Inspect("container", "{cook}", "Image"), Same(Inspect("image", "{kitchen}"))),
            Criterion("from-image", 1, Length(Changes("{cook}")), Is(0), hidden=True),
        ),
        solution=(
            "docker create --name before " + FIRST,
            "docker create --name after {kitchen}",
            "docker cp before:/recipe - | docker cp - after:/",
            "docker commit after {kitchen}",
            "docker rm before after",
            "docker run --name {cook} {kitchen} cat /recipe",
        ),
        wrong=(
            Wrong(("docker run --name {cook} {kitchen} cat /recipe",), fails=("recipe",), says="not there"),
            Wrong(  # back to the old image: the new oven is lost
                (
                    "docker tag " + FIRST + " {kitchen}",
                    "docker run --name {cook} {kitchen} cat /recipe",
                ),
                fails=("oven",),
                says="“90”",
            ),
            Wrong(  # only this one container has it
                ("docker run --name {cook} {kitchen} sh -c 'echo {grams} g of {word} > /recipe'",),
                fails=("from-image",),
                says=": 1.",
            ),
        ),
    ),
    Task(
        "full-disk",
        Level.DIAGNOSE,
        misconceptions=(3, 22),
        draws={
            "shop": Name(),
            "live": Name(),
            "ended": Name(),
            "notes": Name(),
            "spare": Name(),
            "mib": Number(14, 45),
            "word": WORD,
        },
        setup=(
            "docker run --name {notes} alpine sh -c 'echo {word} > /note'",
            "docker commit {notes} {spare}",
            VERSION % "1.0",
            "docker commit draft {shop}",
            "docker rm draft",
            VERSION % "2.0",
            "docker commit draft {shop}",
            "docker rm draft",
            "docker run -d --name {live} {shop} sleep 90000",
            VERSION % "3.0",
            "docker commit draft {shop}",
            "docker rm draft",
            "docker run --name {ended} {shop} cat /version",
            VERSION % "4.0",
            "docker commit draft {shop}",
            "docker rm draft",
        ),
        criteria=(
            Criterion("disk", 4, Disk("LayersSize"), AtMost("{mib*3000000}")),
            Criterion("live", 1, Inspect("container", "{live}", "State.Status"), Is("running")),
            Criterion("notes", 1, File("{notes}", "/note"), Is("{word}")),
            Criterion("newest", 1, Count("images", ("RepoTags.0", "{shop}:latest")), Is(1)),
            Criterion("spare", 1, Inspect("image", "{spare}"), There()),
            Criterion("never-stopped", 1, Events("container", "start", (("name", "{live}"),)), Is(1), hidden=True),
        ),
        solution=("docker rm {ended}", "docker image prune -f"),
        wrong=(
            Wrong(("docker image prune -f",), fails=("disk",), says="or less"),
            Wrong(("docker system prune -f",), fails=("notes",), says="/note"),
            Wrong(("docker rm {ended}", "docker image prune -a -f"), fails=("newest", "spare"), says="image {spare}"),
            Wrong(
                (
                    "docker rm -f {live}",
                    "docker image prune -f",
                    "docker run -d --name {live} {shop} sleep 90000",
                ),
                fails=("never-stopped",),
                says="2",
            ),
        ),
    ),
)
