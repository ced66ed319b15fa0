"""Cases for notes, verifier keys and checkpoints; see make_proofs.py.

What is wanted of a case is stated, and c2sp.py must agree with it.
"""

import c2sp
from c2sp import COSIGNATURE, Key, b64, be, checkpoint, leaf_hash, mth, note, sha256

INVALID = "INVALID_ARGUMENT"
DENIED = "PERMISSION_DENIED"
FAILED = "FAILED_PRECONDITION"

LOG = Key("thon.example/yen-bai/1", 1)
OTHER = Key("thon.example/lao-cai/1", 2)
WITNESS = Key("witness.example/w1", 3, COSIGNATURE)
TIME = 1700000000

# From the specifications.
FOO_VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
FOO_NOTE = note("This is an example message.\n",
                "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72"
                "IneyaQM=\n")
POEM = note("Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n",
            "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihA"
            "QwaqP3ZekRwNtIc=\n")
SOFA_TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SOFA_LINE = ("— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+"
             "zyWE+xeMcTOAYQ8=\n")
SOFA_LINE_2 = ("— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5"
               "Rovnzv++qbSzm9Q=\n")
SOFA_COSIGNATURE = ("— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZ"
                    "qhf5nNo0xUe+mbIUBkBIfZ+qnA==\n")
SOFA_PROOF = ["PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=", "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=",
              "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=", "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0="]

SHORT = "— a AAAAAAE=\n"  # A signature of one byte.
LEAVES = [leaf_hash(be(i, 2)) for i in range(300)]


def stated(case, want, parse, *arguments):
    """The case with what is wanted, and what parsing gives if that is good."""
    try:
        parsed = parse(*arguments)
        found = ""
    except c2sp.Malformed:
        parsed, found = {}, INVALID
    assert found == want, (case["name"], want, found)
    return {**case, "want": want, **parsed}


def flipped(raw, bit=0):
    return bytes(b ^ (1 << bit % 8 if i == bit // 8 % len(raw) else 0) for i, b in enumerate(raw))


def flip_last(line):
    """A signature line with one bit of its signature changed."""
    start, _, encoded = line.rstrip("\n").rpartition(" ")
    raw = c2sp.unb64(encoded)
    return f"{start} {b64(flipped(raw, len(raw) * 8 - 1))}\n"


def verifier_keys():
    public = LOG.public
    id_of = LOG.id.hex()
    encoded = b64(b"\1" + public)
    longest = "ô" * 128
    cases = [
        ("the specification's", FOO_VKEY, ""),
        ("a log's", LOG.vkey(), ""),
        ("a witness's", WITNESS.vkey(), ""),
        ("a name in Vietnamese", c2sp.vkey("thôn.example/yên-bái", 1, public), ""),
        ("a name of 256 bytes", c2sp.vkey(longest, 1, public), ""),
        ("a name with a zero-width space, which is no space", c2sp.vkey("a\u200bb", 1, public), ""),
        ("a name of 257 bytes", c2sp.vkey(longest + "o", 1, public), INVALID),
        ("nothing", "", INVALID),
        ("a name alone", LOG.name, INVALID),
        ("no key", f"{LOG.name}+{id_of}", INVALID),
        ("an empty name", c2sp.vkey("", 1, public), INVALID),
        ("a space in the name", c2sp.vkey("a b", 1, public), INVALID),
        ("a no-break space in the name", c2sp.vkey("a\xa0b", 1, public), INVALID),
        ("an ideographic space in the name", c2sp.vkey("a\u3000b", 1, public), INVALID),
        ("a next-line character in the name", c2sp.vkey("a\x85b", 1, public), INVALID),
        ("a control character in the name", c2sp.vkey("a\1b", 1, public), INVALID),
        ("a plus sign in the name", c2sp.vkey("a+b", 1, public), INVALID),
        ("an id that is another name's", f"{OTHER.name}+{id_of}+{encoded}", INVALID),
        ("an id in capitals", f"{LOG.name}+{id_of.upper()}+{encoded}", INVALID),
        ("an id of three bytes", f"{LOG.name}+{id_of[2:]}+{encoded}", INVALID),
        ("a key without its last byte", c2sp.vkey(LOG.name, 1, public[:-1]), INVALID),
        ("a key with a byte too many", c2sp.vkey(LOG.name, 1, public + b"\0"), INVALID),
        ("a type alone", c2sp.vkey(LOG.name, 1, b""), INVALID),
        ("of type 2, ECDSA", c2sp.vkey(LOG.name, 2, public), INVALID),
        ("of type 6, ML-DSA-44", c2sp.vkey(LOG.name, 6, bytes(1312)), INVALID),
        ("of type 255", c2sp.vkey(LOG.name, 255, public), INVALID),
        ("a space before it", " " + LOG.vkey(), INVALID),
        ("a newline behind it", LOG.vkey() + "\n", INVALID),
        ("a line break in the base64", LOG.vkey()[:-8] + "\n" + LOG.vkey()[-8:], INVALID),
        ("padding behind the base64", LOG.vkey() + "====", INVALID),
    ]
    assert "/" in encoded or "+" in encoded
    cases.append(("base64 of the other alphabet", f"{LOG.name}+{id_of}+{encoded.replace('/', '_').replace('+', '-')}", INVALID))
    return [stated({"name": name, "vkey": text}, want, c2sp.parse_vkey, text) for name, text, want in cases]


def notes():
    good = [
        ("the specification's", FOO_NOTE),
        ("the specification's, with an empty line in its text", POEM),
        ("the specification's checkpoint", note(SOFA_TEXT, SOFA_LINE)),
        ("the specification's checkpoint, cosigned", note(SOFA_TEXT, SOFA_LINE, SOFA_COSIGNATURE)),
        ("two signatures under one name", note(SOFA_TEXT, SOFA_LINE, SOFA_LINE_2)),
        ("an empty line for a text", note("\n", SHORT)),
        ("a text that ends in an empty line", note("a\n\n", SHORT)),
        ("a note for a text", note(note("a\n", SHORT), SHORT)),
        ("16 signatures", note("a\n", *(f"— key{i} AAAAAAE=\n" for i in range(16)))),
        ("64 signatures", note("a\n", *(f"— key{i} AAAAAAE=\n" for i in range(64)))),
        ("the same signature twice", note("a\n", SHORT, SHORT)),
        ("a key's name in Vietnamese", note("a\n", "— thôn.example AAAAAAE=\n")),
        ("a delete character, which is not below U+0020", note("a\x7f\n", SHORT)),
    ]
    bad = [
        ("nothing", ""),
        ("a text alone", "a\n"),
        ("no empty line", "a\n" + SHORT),
        ("no signature", "a\n\n"),
        ("no text", "\n" + SHORT),
        ("no newline at the end", note("a\n", SHORT)[:-1]),
        ("an empty line at the end", note("a\n", SHORT, "\n")),
        ("65 signatures", note("a\n", *[SHORT] * 65)),
        ("something behind the signatures", note("a\n", SHORT, "b\n")),
        ("a hyphen for the dash", note("a\n", "- a AAAAAAE=\n")),
        ("an en dash for the em dash", note("a\n", "– a AAAAAAE=\n")),
        ("no space behind the dash", note("a\n", "—a AAAAAAE=\n")),
        ("a space too many before the name", note("a\n", "—  a AAAAAAE=\n")),
        ("a space too many behind the name", note("a\n", "— a  AAAAAAE=\n")),
        ("a space at the end", note("a\n", "— a AAAAAAE= \n")),
        ("no name", note("a\n", "—  AAAAAAE=\n")),
        ("a name alone", note("a\n", "— a\n")),
        ("a plus sign in a name", note("a\n", "— a+b AAAAAAE=\n")),
        ("a no-break space in a name", note("a\n", "— a\xa0b AAAAAAE=\n")),
        ("a line separator in a name", note("a\n", "— a\u2028b AAAAAAE=\n")),
        ("a name of 257 bytes", note("a\n", f"— {'a' * 257} AAAAAAE=\n")),
        ("a signature without bytes", note("a\n", "— a AAAAAA==\n")),
        ("an id of three bytes", note("a\n", "— a AAAA\n")),
        ("base64 without padding", note("a\n", "— a AAAAAAE\n")),
        ("base64 with stray bits", note("a\n", "— a AAAAAAF=\n")),
        ("base64 of the other alphabet", note("a\n", "— a AAAAA_-=\n")),
        ("padding within base64", note("a\n", "— a AAAAAAE=AAAA\n")),
        ("a carriage return at a line's end", note("a\r\n", SHORT)),
        ("lines that all end in a carriage return too", note("a\n", SHORT).replace("\n", "\r\n")),
        ("a tab", note("a\tb\n", SHORT)),
        ("a zero byte", note("a\0b\n", SHORT)),
        ("an escape character", note("a\x1bb\n", SHORT)),
    ]
    raw = [
        ("half a character", b"a\xe2\x80\n"),
        ("a byte that is no UTF-8", b"a\xff\n"),
        ("a slash in two bytes", b"a\xc0\xaf\n"),
        ("a surrogate", b"a\xed\xa0\x80\n"),
        ("a character beyond the last", b"a\xf4\x90\x80\x80\n"),
    ]
    cases = [({"name": name, "note": text}, want, text.encode())
             for want, group in (("", good), (INVALID, bad)) for name, text in group]
    cases += [({"name": name, "note_hex": (text + note("", SHORT).encode()).hex()}, INVALID, text + note("", SHORT).encode())
              for name, text in raw]
    return [stated(case, want, c2sp.parse_note, whole) for case, want, whole in cases]


def verdicts():
    text = "một\n\nhai\n"
    good = LOG.line(text)
    blob = c2sp.unb64(good.split()[-1])
    cosigned = WITNESS.line(text, TIME)
    stamped = c2sp.unb64(cosigned.split()[-1])
    unlike = c2sp.line(LOG.name, WITNESS.id, blob[4:])

    def of(key, signature):
        return c2sp.line(key.name, key.id, signature)
    cases = [
        ("the specification's", FOO_NOTE, FOO_VKEY, "good", 0),
        ("the specification's, with another text", FOO_NOTE.replace("message", "massage"), FOO_VKEY, "bad", 0),
        ("a log's", note(text, good), LOG, "good", 0),
        ("twice", note(text, good, good), LOG, "good", 0),
        ("among those of unknown keys", note(text, OTHER.line(text), good, SHORT, cosigned), LOG, "good", 0),
        ("another key's", note(text, OTHER.line(text)), LOG, "absent", 0),
        ("another key's under the same name", note(text, Key(LOG.name, 2).line(text)), LOG, "absent", 0),
        ("the key's id under another name", note(text, c2sp.line("a", LOG.id, blob[4:])), LOG, "absent", 0),
        ("the key's name with another id", note(text, unlike), LOG, "absent", 0),
        ("the key's name with another id, beside a good one", note(text, unlike, good), LOG, "good", 0),
        ("over another text", note(text, LOG.line("mot\n")), LOG, "bad", 0),
        ("over the text and the empty line", note(text, LOG.line(text + "\n")), LOG, "bad", 0),
        ("over the text without its newline", note(text, LOG.line(text[:-1])), LOG, "bad", 0),
        ("another key's that claims to be the log's", note(text, of(LOG, OTHER.private.sign(text.encode()))), LOG, "bad", 0),
        ("a good one, then a bad one", note(text, good, flip_last(good)), LOG, "bad", 0),
        ("a bad one, then a good one", note(text, flip_last(good), good), LOG, "bad", 0),
        ("without its last byte", note(text, of(LOG, blob[4:-1])), LOG, "bad", 0),
        ("with a byte too many", note(text, of(LOG, blob[4:] + b"\0")), LOG, "bad", 0),
        ("a cosignature", note(text, cosigned), WITNESS, "good", TIME),
        ("cosignatures, of which the newest counts", note(text, WITNESS.line(text, TIME + 60), cosigned), WITNESS, "good",
         TIME + 60),
        ("a cosignature at the last time there is", note(text, WITNESS.line(text, 2**63 - 1)), WITNESS, "good", 2**63 - 1),
        ("a cosignature beyond the last time", note(text, WITNESS.line(text, 2**63)), WITNESS, "bad", 0),
        ("a cosignature whose time was changed", note(text, of(WITNESS, flipped(stamped[4:12], 63) + stamped[12:])), WITNESS,
         "bad", 0),
        ("a cosignature over another text", note(text, WITNESS.line("mot\n", TIME)), WITNESS, "bad", 0),
        ("a signature where a cosignature belongs", note(text, of(WITNESS, WITNESS.private.sign(text.encode()))), WITNESS,
         "bad", 0),
        ("a cosignature with a byte too many", note(text, of(WITNESS, stamped[4:] + b"\0")), WITNESS, "bad", 0),
        ("the same public key as a log's", note(text, Key(WITNESS.name, 3).line(text)), WITNESS, "absent", 0),
    ]
    result = []
    for name, whole, key, verdict, time_s in cases:
        vkey = key if isinstance(key, str) else key.vkey()
        assert c2sp.verify_note(c2sp.parse_note(whole.encode()), vkey) == (verdict, time_s), name
        result.append({"name": name, "note": whole, "vkey": vkey, "verdict": verdict, "time_s": str(time_s)})
    return result


def signatures():
    text = "một\n\nhai\n"
    return [{"seed": key.seed.hex(), "vkey": key.vkey(), "text": text, "time_s": str(time_s), "line": key.line(text, time_s)}
            for key, time_s in ((LOG, 0), (OTHER, 0), (WITNESS, TIME), (WITNESS, 1))]


def signature_lines():
    cases = [
        ("one", SHORT, ""), ("two", SHORT + SOFA_LINE, ""),
        ("none", "", INVALID), ("an empty line", "\n", INVALID), ("no newline at the end", SHORT[:-1], INVALID),
        ("an empty line between them", SHORT + "\n" + SHORT, INVALID), ("an empty line before them", "\n" + SHORT, INVALID),
        ("a note", note("a\n", SHORT), INVALID), ("65", SHORT * 65, INVALID),
    ]
    return [stated({"name": name, "lines": text}, want, lambda text: {"signatures": c2sp.parse_lines(text)}, text)
            for name, text, want in cases]


def checkpoint_texts():
    root = b64(sha256(b"root"))
    empty = b64(sha256())
    longest = "o" * 256
    cases = [
        ("the specification's", SOFA_TEXT, ""),
        ("an extension line", f"o\n1\n{root}\nmore\n", ""),
        ("extension lines", f"o\n1\n{root}\nmore\n \nevermore\n", ""),
        ("of no entries", f"o\n0\n{empty}\n", ""),
        ("of the most entries", f"o\n{2**64 - 1}\n{root}\n", ""),
        ("an origin with spaces and plus signs, which is only advised against", f"a + b\n1\n{root}\n", ""),
        ("an origin of 256 bytes", f"{longest}\n1\n{root}\n", ""),
        ("an origin of 257 bytes", f"{longest}o\n1\n{root}\n", INVALID),
        ("nothing", "", INVALID), ("a newline", "\n", INVALID), ("two lines", "o\n1\n", INVALID),
        ("no newline at the end", f"o\n1\n{root}", INVALID), ("an empty origin", f"\n1\n{root}\n", INVALID),
        ("an empty line before the origin", f"\no\n1\n{root}\n", INVALID), ("no size", f"o\n\n{root}\n", INVALID),
        ("a size with a leading zero", f"o\n01\n{root}\n", INVALID), ("a size of two zeroes", f"o\n00\n{empty}\n", INVALID),
        ("a size with a plus sign", f"o\n+1\n{root}\n", INVALID), ("a size below zero", f"o\n-1\n{root}\n", INVALID),
        ("a size with a space before it", f"o\n 1\n{root}\n", INVALID), ("a size with a space behind it", f"o\n1 \n{root}\n", INVALID),
        ("a size in hexadecimal", f"o\n0x1\n{root}\n", INVALID), ("a size with an exponent", f"o\n1e3\n{root}\n", INVALID),
        ("a size of 2^64", f"o\n{2**64}\n{root}\n", INVALID), ("a size of 30 digits", f"o\n{10**29}\n{root}\n", INVALID),
        ("a root of 31 bytes", f"o\n1\n{b64(bytes(31))}\n", INVALID), ("a root of 33 bytes", f"o\n1\n{b64(bytes(33))}\n", INVALID),
        ("an empty root", "o\n1\n\n", INVALID), ("a root without padding", f"o\n1\n{root[:-1]}\n", INVALID),
        ("a root with stray bits", f"o\n1\n{root[:-2]}{chr(ord(root[-2]) + 1)}=\n", INVALID),
        ("a root with a space before it", f"o\n1\n {root}\n", INVALID), ("a root in hexadecimal", f"o\n1\n{bytes(32).hex()}\n", INVALID),
        ("an empty extension line", f"o\n1\n{root}\n\n", INVALID), ("an empty line before an extension", f"o\n1\n{root}\n\nmore\n", INVALID),
    ]
    result = [stated({"name": name, "text": text}, want, c2sp.parse_checkpoint, text) for name, text, want in cases]
    return result + [{"name": "of no entries, with another root", "text": f"o\n0\n{root}\n", "want": FAILED}]


def checkpoint_verdicts():
    text = checkpoint(LOG.name, 7, mth(LEAVES[:7]))
    odd = checkpoint(LOG.name, 0, bytes(32))
    good = LOG.line(text)
    cases = [
        ("a log's", note(text, good), LOG, ""),
        ("cosigned", note(text, good, WITNESS.line(text, TIME)), LOG, ""),
        ("with an extension", note(text + "more\n", LOG.line(text + "more\n")), LOG, ""),
        ("with an extension that was not signed", note(text + "more\n", good), LOG, DENIED),
        ("with another size", note(text.replace("\n7\n", "\n8\n"), good), LOG, DENIED),
        ("with another key", note(text, good), Key(LOG.name, 2), DENIED),
        ("signed by another log", note(text, OTHER.line(text)), OTHER, DENIED),
        ("of another log", note(text, good), OTHER, DENIED),
        ("cosigned only", note(text, WITNESS.line(text, TIME)), LOG, DENIED),
        ("signed well and badly", note(text, good, flip_last(good)), LOG, DENIED),
        ("not a checkpoint", note("một\n", LOG.line("một\n")), LOG, INVALID),
        ("a witness's key for a log's", note(text, good), WITNESS, INVALID),
        ("of no entries, with another root", note(odd, LOG.line(odd)), LOG, FAILED),
        ("of no entries, with another root, not signed", note(odd, OTHER.line(odd)), LOG, DENIED),
    ]
    return [{"name": name, "note": whole, "vkey": key.vkey(), "want": want} for name, whole, key, want in cases]
