"""A province for the demo: structure and counts of Yên Bái in 2023, made-up names.

Everything follows from the seed: the same seed gives the same files.
"""

import csv
import dataclasses
import random
import unicodedata
from pathlib import Path

EFFECTIVE = "2023-04-01"
FOUNDED = "2022-10-15"

FIRST = (
    "An Bình Cao Châu Đại Đồng Đông Gia Hạnh Hòa Hồng Hợp Hưng Khánh Khe Lâm Liên Long Lương Mai Minh Mỏ Nậm Nghĩa "
    "Ngọc Phong Phú Phúc Quang Quy Sơn Suối Tân Tây Thanh Thượng Trung Tường Vân Việt Vĩnh Xuân Yên"
).split()
SECOND = (
    "An Bản Bảo Bình Cát Chấn Chung Cường Dương Đạo Định Đức Giang Hà Hải Hòa Hội Kiên Kim Lạc Lâm Lập Lộc Lợi Minh "
    "Mông Nam Nghiệp Ninh Phú Phúc Quán Sơn Tâm Thái Thành Thịnh Thọ Thuận Thủy Tiến Trạch Tú Túc Vân Xá"
).split()

# Of each team; the leader holds the phone.
SEATS = (("LEADER", "VILLAGE_HEAD"), ("DEPUTY", "YOUTH_UNION"), ("MEMBER", "WOMENS_UNION"))


@dataclasses.dataclass(frozen=True)
class Size:
    districts: int
    communes: int
    teams: int
    supported: int
    organisations: int


FULL = Size(districts=9, communes=173, teams=1356, supported=771, organisations=18)
SMALL = Size(districts=2, communes=6, teams=30, supported=17, organisations=2)


@dataclasses.dataclass
class Commune:
    code: str
    name: str
    district: str
    teams: int
    listed: bool = False


class Province:
    """Communes, villages, teams, members and organisations, by ids of our own."""

    def __init__(self, size, seed):
        self.size = size
        draw = random.Random(f"province {seed}")
        names = [f"{a} {b}" for a in FIRST for b in SECOND if a != b]
        draw.shuffle(names)
        self.districts = self._districts(names)
        self.communes = self._communes(names, draw)
        self._choose_listed(draw)
        self.teams = []  # (team, village, member, commune, village name)
        for commune in self.communes:
            for number in range(commune.teams):
                i = len(self.teams) + 1
                if commune.name.startswith("Phường") or commune.name.startswith("Thị trấn"):
                    village = f"Tổ dân phố số {number + 1}"
                else:
                    kind = "Bản" if draw.random() < 0.3 else "Thôn"
                    village = f"{kind} {names.pop()}"
                self.teams.append((i, 10_000 + i, 20_000 + 4 * i, commune, village))

    def _districts(self, names):
        kinds = ["Thành phố", "Thị xã"] + ["Huyện"] * 7
        return [(f"{132 + i}", f"{kinds[i]} {names.pop()}") for i in range(self.size.districts)]

    def _communes(self, names, draw):
        size = self.size
        per = [size.teams // size.communes] * size.communes
        for i in range(size.teams - sum(per)):
            per[i] += 1
        # Villages are spread unevenly: some communes have twice as many as others.
        for _ in range(size.communes * 2):
            a, b = draw.randrange(size.communes), draw.randrange(size.communes)
            if a != b and per[a] > 4 and per[b] < 13:
                per[a] -= 1
                per[b] += 1
        communes = []
        for i in range(size.communes):
            district = i * size.districts // size.communes
            place = i - -(-district * size.communes // size.districts)  # Within the district.
            if district < 2 and place < (9 if district == 0 else 4):
                kind = "Phường"
            else:
                kind = "Thị trấn" if place == 0 else "Xã"
            communes.append(Commune(f"{4252 + 3 * i:05d}", f"{kind} {names.pop()}", self.districts[district][0], per[i]))
        return communes

    def _choose_listed(self, draw):
        """Marks communes in which exactly `supported` of the teams lie."""
        order = list(range(len(self.communes)))
        draw.shuffle(order)
        reached = {0: ()}
        for i in order:
            for total, chosen in list(reached.items()):
                more = total + self.communes[i].teams
                if more <= self.size.supported and more not in reached:
                    reached[more] = chosen + (i,)
            if self.size.supported in reached:
                break
        for i in reached[self.size.supported]:
            self.communes[i].listed = True

    # ------------------------------------------------------------------ files

    def write(self, folder):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)

        def table(name, header, rows):
            with open(folder / name, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(header)
                for row in rows:
                    writer.writerow([unicodedata.normalize("NFC", str(cell)) for cell in row])

        units = [("15", "province", "Tỉnh Yên Bái", "")]
        units += [(code, "district", name, "15") for code, name in self.districts]
        units += [(c.code, "commune", c.name, c.district) for c in self.communes]
        table("units.csv", ["code", "level", "name", "parent_code"], units)
        table("villages.csv", ["commune_code", "village_name", "effective", "id"],
              [(c.code, village, EFFECTIVE, village_id) for _, village_id, _, c, village in self.teams])
        table("teams.csv", ["commune_code", "village_name", "team_name", "founded", "document", "issued", "issuer", "id"],
              [(c.code, village, f"Tổ công nghệ số cộng đồng {village}", FOUNDED, "12/QĐ-UBND", FOUNDED, f"UBND {c.name}",
                team) for team, _, _, c, village in self.teams])
        table("members.csv", ["team_id", "id", "seat", "joined", "affiliations"],
              [(team, member + k, seat, FOUNDED, affiliation) for team, _, member, _, _ in self.teams
               for k, (seat, affiliation) in enumerate(SEATS)])
        table("organisations.csv", ["name", "kind", "unit_code", "registered", "id"],
              [(f"Cơ quan, đơn vị số {i + 1}", "ENTERPRISE" if i % 6 == 5 else "DEPARTMENT", "15", EFFECTIVE, 30_001 + i)
               for i in range(self.size.organisations)])
        table("list-894.csv", ["commune_code", "target", "name"],
              [(c.code, "ADVANCED" if i % 5 == 0 else "STANDARD", c.name)
               for i, c in enumerate(self.communes) if c.listed])
        table("funding-1845.csv", ["team_id"], [(team,) for team, _, _, c, _ in self.teams if c.listed])
        phones = [(team, member, "") for team, _, member, _, _ in self.teams]
        phones += [("", "", 30_001 + i) for i in range(self.size.organisations)]
        table("phones.csv", ["team_id", "member_id", "organisation_id"], phones)
