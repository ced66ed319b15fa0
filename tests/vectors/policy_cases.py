"""Cases for trust policies (tlog-policy); see make_proofs.py.

`read` is a second reader of policies; it must agree with every case.
"""

import re

from c2sp import COSIGNATURE, ED25519, Key, Malformed, checkpoint, mth, need, note, parse_note, parse_vkey, verify_note
from note_cases import INVALID, LEAVES, LOG, TIME, WITNESS, flip_last

W = [Key(f"witness.example/w{i}", 100 + i, COSIGNATURE) for i in range(40)]
V = [key.vkey() for key in W]


def read(raw):
    """The policy, or Malformed with the number of the bad line; 0 is the whole."""
    logs, witnesses, groups, members, quorum = [], [], [], set(), None
    number = 0
    names = {}
    lines = raw.split(b"\n")
    try:
        for number, line in enumerate(lines, 1):
            need(not re.search(rb"[\0-\x08\x0a-\x1f\x7f]", line), "a control character")
            words = [word.decode("utf-8", "surrogateescape") for word in re.findall(rb"[^ \t]+", line)]
            if not words or words[0].startswith("#"):
                continue
            kind, *rest = words
            if kind == "log":
                need(1 <= len(rest) <= 2, "not a log")
                key = parse_vkey(rest[0])
                need(key["type"] == ED25519, "not a log's key")
                need(all(key["public_key"] != other["public_key"] for other, _, _ in logs), "twice")
                logs.append((key, rest[0], "".join(rest[1:])))
            elif kind == "witness":
                need(2 <= len(rest) <= 3, "not a witness")
                key = parse_vkey(rest[1])
                need(key["type"] == COSIGNATURE, "not a witness's key")
                need(all(key["public_key"] != other["public_key"] for other, _, _, _ in witnesses), "twice")
                need(rest[0] not in names and rest[0] != "none", "a name that is taken")
                names[rest[0]] = (1, len(witnesses), [])
                witnesses.append((key, rest[0], rest[1], "".join(rest[2:])))
            elif kind == "group":
                need(len(rest) >= 3, "not a group")
                name, k, *listed = rest
                need(name not in names and name != "none", "a name that is taken")
                for one in listed:
                    need(one in names and one not in members, "not a member")
                    members.add(one)
                k = {"any": "1", "all": str(len(listed))}.get(k, k)
                need(re.fullmatch("[1-9][0-9]{0,5}", k) and int(k) <= len(listed), "not a threshold")
                names[name] = (int(k), -1, listed)
                groups.append({"name": name, "k": int(k), "members": listed})
            elif kind == "quorum":
                need(len(rest) == 1 and quorum is None, "not a quorum, or another")
                need(rest[0] == "none" or rest[0] in names, "no such name")
                quorum = rest[0]
            else:
                raise Malformed("no such line")
        number = 0
        need(quorum is not None, "no quorum")
    except Malformed as why:
        why.line = number
        raise
    return {"logs": [{"vkey": vkey, "url": url} for _, vkey, url in logs],
            "witnesses": [{"name": name, "vkey": vkey, "url": url} for _, name, vkey, url in witnesses],
            "groups": groups, "quorum": quorum}, names


def policies():
    log, three = f"log {LOG.vkey()}\n", "".join(f"witness w{i} {V[i]}\n" for i in range(3))
    done = "quorum none\n"
    specified = (log + "\n" + "".join(f"witness X{i} {V[i]}\n" for i in range(1, 4)) + "group X-witnesses 2 X1 X2 X3\n\n" +
                 "".join(f"witness Y{i} {V[3 + i]}\n" for i in range(1, 4)) + "group Y-witnesses any Y1 Y2 Y3\n\n" +
                 "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n")
    good = [
        ("the specification's", specified), ("a quorum alone", done), ("no newline at the end", done[:-1]),
        ("a quorum of one witness", three + "quorum w1\n"), ("a log with its URL", f"log {LOG.vkey()} https://log.example/\n" + done),
        ("a witness with its URL", f"witness w {V[0]} https://w.example:8443/x\n" + done),
        ("two logs of one name", log + f"log {Key(LOG.name, 9).vkey()}\n" + done),
        ("comments and empty lines", "# một\n\n \t \n\t# hai\n#\n" + done), ("a comment without a space", "#quorum w1\n" + done),
        ("blanks everywhere", " \t log \t" + LOG.vkey() + "\t \n\tquorum\t\tnone \t\n"),
        ("a quorum before what it does not name", three + "quorum w0\ngroup g all w0 w1\n"),
        ("any of one", three + "group g any w0\nquorum g\n"), ("all of one", three + "group g all w0\nquorum g\n"),
        ("3 of 3", three + "group g 3 w0 w1 w2\nquorum g\n"), ("1 of 3", three + "group g 1 w0 w1 w2\nquorum g\n"),
        ("a witness that is named all", f"witness all {V[0]}\ngroup any all all\nquorum any\n"),
        ("names with signs of their own", f"witness +#/\" {V[0]}\nquorum +#/\"\n"),
        ("names that look alike", f"witness K {V[0]}\nwitness \u212a {V[1]}\ngroup g all K \u212a\nquorum g\n"),
        ("a no-break space in a name", f"witness a\xa0b {V[0]}\nquorum a\xa0b\n"),
        ("the same key for a log and a witness", f"log {Key('a', 9).vkey()}\nwitness w {Key('a', 9, COSIGNATURE).vkey()}\nquorum w\n"),
        ("32 logs, 32 witnesses, 32 groups", "".join(f"log {Key(f'log{i}', 50 + i).vkey()}\n" for i in range(32)) +
         "".join(f"witness w{i} {V[i]}\n" for i in range(32)) + "group g0 any w0\n" +
         "".join(f"group g{i} all w{i} g{i - 1}\n" for i in range(1, 32)) + "quorum g31\n"),
    ]
    bad = [
        ("nothing", "", 0), ("no quorum", log + three, 0), ("two quorums", done + done, 2), ("two quorums that differ", three + "quorum w0\nquorum w1\n", 5),
        ("a quorum of nothing", "quorum\n", 1), ("a quorum of two", three + "quorum w0 w1\n", 4), ("a quorum that is not defined", "quorum w0\n", 1),
        ("a quorum that is defined later", f"quorum w0\n{three}", 1), ("a quorum in capitals", three + "quorum W0\n", 4), ("quorum NONE", "quorum NONE\n", 1),
        ("a line of another kind", "policy 1\n" + done, 1), ("a kind in capitals", "QUORUM none\n", 1), ("a comment behind a line", "quorum none # all\n", 1),
        ("a carriage return", "quorum none\r\n", 1), ("a carriage return in a comment", "# a\r\n" + done, 1), ("a zero byte", "quorum none\n# \0\n", 2),
        ("a delete character", "# \x7f\n" + done, 1), ("a form feed", "quorum\fnone\n", 1), ("a vertical tab between lines", done + "\v\n", 2),
        ("a mark of byte order", "\ufeff" + done, 1), ("a no-break space for a blank", "quorum\xa0none\n", 1),
        ("a log without a key", "log\n" + done, 1), ("a log with too much", f"log {LOG.vkey()} https://a https://b\n" + done, 1),
        ("a log with a witness's key", f"log {WITNESS.vkey()}\n" + done, 1), ("a log with a broken key", f"log {LOG.vkey()[:-1]}\n" + done, 1),
        ("a log twice", log + log + done, 2), ("a log's key under another name", log + f"log {Key('a', 1).vkey()}\n" + done, 2),
        ("a log whose name was changed", log.replace("yen", "yan") + done, 1),
        ("a witness without a name", f"witness {V[0]}\n" + done, 1), ("a witness without a key", "witness w\n" + done, 1),
        ("a witness with too much", f"witness w {V[0]} https://a b\n" + done, 1), ("a witness with a log's key", f"witness w {LOG.vkey()}\n" + done, 1),
        ("a witness's key twice", f"witness a {V[0]}\nwitness b {V[0]}\n" + done, 2),
        ("a witness's key under another key's name", f"witness a {V[0]}\nwitness b {Key('b', 100, COSIGNATURE).vkey()}\n" + done, 2),
        ("a witness's name twice", f"witness a {V[0]}\nwitness a {V[1]}\n" + done, 2), ("a witness that is named none", f"witness none {V[0]}\n" + done, 1),
        ("a group that is named none", three + "group none any w0\n" + done, 4), ("a group with a witness's name", three + "group w2 any w0\n" + done, 4),
        ("a group's name twice", three + "group g any w0\ngroup g any w1\n" + done, 5), ("a group of nobody", three + "group g any\n" + done, 4),
        ("a group without a threshold", three + "group g w0 w1\n" + done, 4), ("a group without a name", three + "group\n" + done, 4),
        ("0 of 3", three + "group g 0 w0 w1 w2\n" + done, 4), ("4 of 3", three + "group g 4 w0 w1 w2\n" + done, 4),
        ("-1 of 3", three + "group g -1 w0 w1 w2\n" + done, 4), ("+1 of 3", three + "group g +1 w0 w1 w2\n" + done, 4),
        ("01 of 3", three + "group g 01 w0 w1 w2\n" + done, 4), ("0x1 of 3", three + "group g 0x1 w0 w1 w2\n" + done, 4),
        ("2^32 + 1 of 3", three + f"group g {2**32 + 1} w0 w1 w2\n" + done, 4), ("2^64 + 1 of 3", three + f"group g {2**64 + 1} w0 w1 w2\n" + done, 4),
        ("ALL of 3", three + "group g ALL w0 w1 w2\n" + done, 4), ("half of 3", three + "group g 1.5 w0 w1 w2\n" + done, 4),
        ("a member that is not defined", three + "group g any w0 w9\n" + done, 4), ("a member that is defined later", f"group g any w0\n{three}" + done, 1),
        ("a group in itself", three + "group g any w0 g\n" + done, 4), ("none for a member", three + "group g any w0 none\n" + done, 4),
        ("a member twice in a group", three + "group g any w0 w0\n" + done, 4),
        ("a member of two groups", three + "group g any w0 w1\ngroup h any w1 w2\n" + done, 5),
        ("a group that is a member of two groups", three + "group g any w0\ngroup h any g w1\ngroup i any g w2\n" + done, 6),
        ("names that only look alike", f"witness K {V[0]}\nquorum \u212a\n", 2),
    ]
    cases = [({"name": name, "policy": text}, text.encode(), None) for name, text in good]
    cases += [({"name": name, "policy": text}, text.encode(), line) for name, text, line in bad]
    name = b"\xff\xfe"
    raw = b"# \x80\nwitness " + name + b" " + V[0].encode() + b"\nquorum none\n"
    cases.append(({"name": "octets that are no UTF-8, in a name and a comment", "policy_hex": raw.hex()}, raw, None))
    result = []
    for case, raw, line in cases:
        try:
            parsed, found = read(raw)[0], None
        except Malformed as why:
            parsed, found = {}, why.line
        assert found == line, (case["name"], line, found)
        if "policy_hex" in case:
            parsed["witnesses"][0]["name_hex"] = name.hex()
            del parsed["witnesses"][0]["name"]
        result.append({**case, "want": "" if line is None else INVALID, **({} if line is None else {"line": line}), **parsed})
    return result


def cosigned():
    """A policy, a checkpoint, and whose cosignatures of it are good, are bad, and are enough."""
    text = checkpoint(LOG.name, 7, mth(LEAVES[:7]))
    log = LOG.line(text)
    lines = [key.line(text, TIME + i) for i, key in enumerate(W)]
    six = "".join(f"witness w{i} {V[i]}\n" for i in range(6))
    two_groups = six + "group x 2 w0 w1 w2\ngroup y any w3 w4 w5\ngroup both all x y\nquorum both\n"
    one = f"witness w0 {V[0]}\nquorum w0\n"
    tail = "quorum none\n"
    cases = [
        ("none is asked for", tail, [], [], [], True), ("none is asked for, and one is there", six + tail, [lines[2]], [2], [], True),
        ("none is asked for, and one is bad", six + tail, [flip_last(lines[2])], [], [2], False),
        ("one, there", one, [lines[0]], [0], [], True), ("one, not there", one, [], [], [], False), ("one, another's", one, [lines[1]], [], [], False),
        ("one, bad", one, [flip_last(lines[0])], [], [0], False), ("one, good and bad", one, [lines[0], flip_last(lines[0])], [], [0], False),
        ("one, twice", one, [lines[0], lines[0]], [0], [], True),
        ("one, over another checkpoint", one, [W[0].line(checkpoint(LOG.name, 8, mth(LEAVES[:8])), TIME)], [], [0], False),
        ("one, signed as a log signs", one, [Key(W[0].name, 100).line(text)], [], [], False),
        ("2 of x, 1 of y", two_groups, [lines[0], lines[2], lines[4]], [0, 2, 4], [], True),
        ("3 of x, 3 of y, in another order", two_groups, lines[5::-1], [0, 1, 2, 3, 4, 5], [], True),
        ("1 of x, 3 of y", two_groups, [lines[1], *lines[3:6]], [1, 3, 4, 5], [], False),
        ("3 of x, none of y", two_groups, lines[:3], [0, 1, 2], [], False), ("one of x twice, 1 of y", two_groups, [lines[0], lines[0], lines[3]], [0, 3], [], False),
        ("2 of x, 1 of y, and a bad one", two_groups, [lines[0], lines[1], lines[3], flip_last(lines[5])], [0, 1, 3], [5], False),
        ("2 of x, 1 of y, and strangers", two_groups, [lines[9], lines[0], lines[1], lines[3], flip_last(lines[8])], [0, 1, 3], [], True),
        ("any of six", six + "group g any w0 w1 w2 w3 w4 w5\nquorum g\n", [lines[5]], [5], [], True),
        ("all of six", six + "group g all w0 w1 w2 w3 w4 w5\nquorum g\n", lines[:6], [0, 1, 2, 3, 4, 5], [], True),
        ("all of six but one", six + "group g all w0 w1 w2 w3 w4 w5\nquorum g\n", lines[:5], [0, 1, 2, 3, 4], [], False),
        ("4 of six", six + "group g 4 w0 w1 w2 w3 w4 w5\nquorum g\n", lines[1:5], [1, 2, 3, 4], [], True),
        ("3 of six where 4 are asked for", six + "group g 4 w0 w1 w2 w3 w4 w5\nquorum g\n", lines[1:4], [1, 2, 3], [], False),
        ("a group that the quorum does not need", six + "group g any w0 w1\ngroup h any w2\nquorum h\n", [lines[2]], [2], [], True),
        ("a group within groups within groups", six + "group a any w0\ngroup b any a w1\ngroup c all b w2\nquorum c\n", [lines[0], lines[2]], [0, 2], [], True),
    ]
    result = []
    for name, policy, signed, good, bad, quorum in cases:
        whole = note(text, log, *signed)
        parsed, names = read(policy.encode())
        verdicts = [verify_note(parse_note(whole.encode()), one["vkey"])[0] for one in parsed["witnesses"]]

        def holds(one):
            k, witness, members = names[one]
            return verdicts[witness] == "good" if witness >= 0 else sum(map(holds, members)) >= k
        enough = parsed["quorum"] == "none" or holds(parsed["quorum"])
        assert good == [i for i, one in enumerate(verdicts) if one == "good"], name
        assert bad == [i for i, one in enumerate(verdicts) if one == "bad"], name
        assert quorum == (enough and not bad), name
        result.append({"name": name, "policy": policy, "note": whole, "witnesses": good,
                       "times_s": [str(TIME + i) for i in good], "bad": bad, "quorum": quorum})
    return result
