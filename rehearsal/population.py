"""The people and channels of the pretend workspace, unless a test makes its own."""

from __future__ import annotations

from dataclasses import dataclass

from rehearsal.objects import BOT_USER, Person
from rehearsal.workspace import Workspace

MARKETING = (
    "Amara Okafor", "Benedikt Vogel", "Chiara Rossi", "Dewi Santoso", "Elif Yılmaz", "Fergus MacLeod",
    "Gabriela Nunes", "Hana Novák", "Ines Fuchs", "Jonas Lindqvist", "Kofi Mensah", "Leilani Kealoha",
    "Mateusz Zieliński", "Noor Haddad",
)  # fmt: skip
IT = (
    "Oluwaseun Adeyemi", "Priya Raghavan", "Quentin Dubois", "Rosa Delgado", "Søren Kjær", "Thandiwe Moyo",
    "Uğur Demir", "Valentina Petrova", "Wei Zhang", "Ximena Torres", "Yusuf Karimi", "Zofia Kowalska",
)  # fmt: skip
BOTH = ("Aiko Tanaka", "Bruno Keller")
ADMIN, OWNER = "Ines Fuchs", "Priya Raghavan"
GUEST, ELSEWHERE, OTHER_BOT = "Greta Sommer", "Sasha Lind", "Deploy Bot"
SIDES = ("marketing", "it")


@dataclass(frozen=True)
class Places:
    """Ids of the channels that `settle` makes."""

    marketing: str
    it: str
    general: str
    private: str
    without_app: str


def _handle(real_name: str) -> str:
    plain = str.maketrans("ıłńøæğáüö", "ilnoaagau")
    return real_name.split(maxsplit=1)[0].lower().replace("ø", "o").translate(plain)


def settle(workspace: Workspace) -> Places:
    """Moves the default crowd in: 14 in marketing, 12 in IT, 2 in both, a guest, one elsewhere, a bot.

    The guest is in #marketing; the app is in every channel but #random.
    """
    ids: dict[str, str] = {}
    for number, real_name in enumerate((*MARKETING, *IT, *BOTH, GUEST, ELSEWHERE, OTHER_BOT), 1):
        person = Person(
            f"U0{number:07d}",
            _handle(real_name),
            real_name,
            is_bot=real_name == OTHER_BOT,
            guest=real_name == GUEST,
            is_admin=real_name == ADMIN,
            is_owner=real_name == OWNER,
        )
        ids[real_name] = workspace.add_person(person).id
    marketing = [ids[name] for name in (*MARKETING, *BOTH)]
    it = [ids[name] for name in (*IT, *BOTH)]
    everybody = [*marketing, *(p for p in it if p not in marketing), ids[ELSEWHERE]]
    managers = [ids[ADMIN], ids[OWNER]]
    bots = [ids[OTHER_BOT], BOT_USER]
    return Places(
        marketing=workspace.add_channel("marketing", [*marketing, ids[GUEST], BOT_USER]).id,
        it=workspace.add_channel("it", [*it, *bots]).id,
        general=workspace.add_channel("general", [*everybody, *bots]).id,
        private=workspace.add_channel("leadership", [*managers, BOT_USER], is_private=True).id,
        without_app=workspace.add_channel("random", everybody).id,
    )


def sides_of(workspace: Workspace, person: str) -> list[str]:
    """The sides a person is on, by the channels named for them."""
    return [
        channel.name
        for channel in workspace.channels.values()
        if channel.name in SIDES and person in channel.members
    ]
