"""Ids of 64 hexadecimal digits, and names for containers that nobody named: an adjective and a surname.

Both come from one `random.Random`: the same seed gives the same ids and names in the same order. The surnames are those
of people who made computers, networks, systems and science what they are.
"""

from __future__ import annotations

import random
from collections.abc import Container

ADJECTIVES = tuple(
    """
    able agile airy amber ample ardent arty astute avid awake balmy bold brainy brave breezy bright brisk bubbly
    calm candid caring cheery chipper civil classy clear clever comfy cool cordial cosmic cozy crafty crisp curious
    dapper daring dazzling deft dreamy driven eager earnest easy ebullient elated elegant epic fabled fair fancy
    fearless festive fluent fond frank friendly frosty funny gallant gentle genuine gifted glad gleeful golden
    graceful grand grateful hale handy happy hardy hearty helpful honest hopeful humble inventive jaunty jolly
    jovial joyful keen kind laughing learned lively loving loyal lucid lucky mellow merry mighty mindful modest
    musing mystic neat nifty nimble noble nostalgic objective optimistic patient peaceful peppy placid playful
    plucky poised polite proud prudent quick quiet quirky radiant relaxed resolute robust rosy sage serene sharp
    silly sincere sleepy smart snappy sparkling spry steady sunny sweet swift tender thrifty tidy trusting upbeat
    vibrant vigilant vivid warm wise witty wonderful worldly youthful zany zealous zen zesty
    """.split()  # noqa: SIM905
)

SURNAMES = tuple(
    """
    abel agnesi aiken alcott allen amdahl ampere anning archimedes aristotle armstrong babbage bach backus bardeen
    bartik bassi beauvoir bell bellman berners blackburn blackwell bohr boole booth borg bose bouman boyd
    brahmagupta brattain brown buck burnell bush cannon cantor carson cartwright cauchy cerf chandrasekhar chaplygin
    chebyshev church clarke cocke codd cohen colden conway copernicus corbato cori cray curie curran dahl darwin
    davinci davis deutsch diffie dijkstra dirac drake dyson eckert edison edwards einstein elbakyan elion ellis
    engelbart erdos euclid euler faraday feigenbaum feinler feistel fermat fermi feynman floyd fourier franklin
    galileo galois gates gauss germain gilbreth goldberg goldstine goldwasser golick goodall gosling gould granville
    gray greider grothendieck haibt hamilton hamming haslett hawking heisenberg hellman hermann herschel hertz
    heyrovsky hilbert hoare hodgkin hofstadter holberton hollerith hoover hopper huffman huygens hypatia ingalls
    iverson jackson jacobi jang jemison jennings jepsen johnson joliot jones joule kahan kahn kalam kapitsa kare
    karp kay keldysh keller kelvin kepler kernighan khorana kilby kildall kirch kleene knuth kolmogorov kovalevskaya
    kowalevski lagrange lalande lamarr lampson laplace leavitt lederberg lehmann leibniz levinson lewin lichterman
    liskov lovelace lukasiewicz lumiere mahavira margulis markov matsumoto maxwell mayer mccarthy mcclintock mclaren
    mclean mcnulty meitner mendel mendeleev meninsky mestorf metcalfe milner minsky mirzakhani montalcini moore
    morse moser murdock napier nash naur neumann newell newton nightingale nobel noether northcutt noyce nygaard ohm
    olsen oppenheimer pascal pasteur payne perlis perlman pike planck poincare poitras postel pouzin proskuriakova
    ptolemy quine rabin raman ramanujan rhodes ride riemann ritchie robinson rosalind rubin saha salton sammet
    sanderson satoshi scott shamir shannon shaw shirley shockley shtern simon sinoussi snyder solomon sommerville
    spence stallman stonebraker strachey sutherland swanson swartz swirles tarjan taussky taylor tereshkova tesla
    thacker thompson torvalds turing valiant varahamihira vaughan villani visvesvaraya volhard volta wegener
    weierstrass wescoff wheeler wiener wilbur wiles wilkes wilkinson williams wilson wing wirth wozniak wright yalow
    yonath young zhukovsky zuse
    """.split()  # noqa: SIM905
)


class Ids:
    """A source of ids and names."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def new(self) -> str:
        """64 hexadecimal digits of which the first 12 are not all decimal: a short id must not look like a number."""
        while True:
            id = f"{self._chance.getrandbits(256):064x}"
            if not id[:12].isdecimal():
                return id

    def name(self, taken: Container[str]) -> str:
        """A free name; after some tries with a digit at the end, as Docker does when names run short."""
        for attempt in range(6):
            digit = str(self._chance.randrange(10)) if attempt else ""
            name = f"{self._chance.choice(ADJECTIVES)}_{self._chance.choice(SURNAMES)}{digit}"
            if name not in taken:
                return name
        return self.new()[:12]
