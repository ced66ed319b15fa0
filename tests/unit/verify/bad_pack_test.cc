// Goal: what is no pack is refused early, in bounds and by name.
//
// Method: each bad pack is written to disk; opening it must be an error that
// names the culprit. Huge sizes are holes in files: who read or allocated them
// would fail the test by memory or time.

#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/verify/verify_fixture.h"
#include "tools/verify/pack.h"

namespace thon::verify {
namespace {

using ::testing::HasSubstr;
using ::thon::testing::TarEnd;
using ::thon::testing::TarFile;

class BadPack : public VerifyTest {
 protected:
  void SetUp() override {
    VerifyTest::SetUp();
    pack_ = MakePack(Parts());
  }

  void ExpectRefused(const std::string& path, absl::string_view why) {
    const auto pack = Pack::Open(path);
    ASSERT_FALSE(pack.ok()) << "must be refused: " << why;
    EXPECT_EQ(pack.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(pack.status().message()),
                HasSubstr(std::string(why)));
  }
  void ExpectTarRefused(const std::string& tar, absl::string_view why) {
    ExpectRefused(WriteFile(tar), why);
  }
  std::string Manifest() {
    return TarFile("manifest.json", pack_.manifest.dump());
  }
  void ExpectManifestRefused(const char* member, const nlohmann::json& value,
                             absl::string_view why) {
    MadePack changed = pack_;
    changed.manifest[member] = value;
    ExpectRefused(Write(changed), why);
  }

  MadePack pack_;
};

TEST_F(BadPack, ATruncatedTarIsRefusedWhereverItEnds) {
  const std::string tar = pack_.Tar();
  for (const std::size_t left :
       {std::size_t{0}, std::size_t{100}, std::size_t{512}, std::size_t{700},
        tar.size() / 2, tar.size() / 2 + 1, tar.size() - 1025,
        tar.size() - 1024, tar.size() - 512, tar.size() - 1}) {
    const auto pack = Pack::Open(WriteFile(tar.substr(0, left)));
    EXPECT_FALSE(pack.ok()) << left << " bytes of " << tar.size();
  }
  EXPECT_TRUE(Pack::Open(WriteFile(tar)).ok());
}

TEST_F(BadPack, PaddingAndTrailingBytesAreRefused) {
  ExpectTarRefused(pack_.Tar() + std::string(20'480, '\0'), "padded");
  ExpectTarRefused(pack_.Tar() + std::string(512, 'x'), "behind its end");
  std::string hidden = Manifest();
  hidden.back() = 'x';
  ExpectTarRefused(hidden + TarEnd(), "hidden");
  EXPECT_TRUE(
      Pack::Open(WriteFile(pack_.Tar() + std::string(9 * 1024, '\0'))).ok());
}

TEST_F(BadPack, ATerabyteOfZerosIsRefusedAtOnce) {
  const std::string path = WriteFile("");
  ASSERT_EQ(truncate(path.c_str(), off_t{1} << 40), 0);
  EXPECT_FALSE(Pack::Open(path).ok());
  const std::string behind = WriteFile(pack_.Tar(), "behind.tar");
  ASSERT_EQ(truncate(behind.c_str(), off_t{1} << 40), 0);
  ExpectRefused(behind, "padded");
  const std::string folder = Write(pack_);
  ASSERT_EQ(truncate((folder + "/tile/0/000").c_str(), off_t{1} << 40), 0);
  ExpectRefused(folder, "tile/0/000");
}

TEST_F(BadPack, PathsThatLeadElsewhereAreRefused) {
  for (const char* const path :
       {"../x", "tile/../../x", "/etc/passwd", "././checkpoint", "tile//0/000",
        "tile/0/000/", "ti\xc3\xa9", "a b"}) {
    EXPECT_FALSE(
        Pack::Open(WriteFile(Manifest() + TarFile(path, "x") + TarEnd())).ok())
        << path;
  }
  ExpectTarRefused(Manifest() + TarFile("../x", "x") + TarEnd(), "leads out");
  ExpectTarRefused(Manifest() + TarFile("/x", "x") + TarEnd(), "absolute");
}

TEST_F(BadPack, LongNamesOfAnyTarAreRefused) {
  const std::string name(150, 'a');
  ExpectTarRefused(Manifest() + TarFile("././@LongLink", name, 'L') +
                       TarFile(name.substr(0, 100), "x") + TarEnd(),
                   "too long");
  const std::string pax = "19 path=checkpoint\n";
  ExpectTarRefused(Manifest() + TarFile("PaxHeader", pax, 'x') +
                       TarFile("other", "x") + TarEnd(),
                   "pax");
  const std::string harmless = "20 mtime=1700000000\n";
  std::string tar = TarFile("PaxHeader", harmless, 'x') + Manifest();
  for (const auto& [path, bytes] : pack_.files) tar += TarFile(path, bytes);
  EXPECT_TRUE(Pack::Open(WriteFile(tar + TarEnd())).ok())
      << Pack::Open(WriteFile(tar + TarEnd())).status();
}

// What `tar cf PACK.tar .` makes of a folder: members for folders, and "./"
// before each path.
TEST_F(BadPack, ATarThatAnotherProgramMadeOfTheFolderIsTheSamePack) {
  std::string tar = TarFile("./", "", '5') +
                    TarFile("./manifest.json", pack_.manifest.dump()) +
                    TarFile("./tile/", "", '5');
  for (const auto& [path, bytes] : pack_.files) {
    tar += TarFile("./" + path, bytes);
  }
  const auto opened = Pack::Open(WriteFile(tar + TarEnd()));
  EXPECT_TRUE(opened.ok()) << opened.status();
  ExpectTarRefused(tar + TarFile("checkpoint", "x") + TarEnd(), "twice");
  ExpectTarRefused(tar + TarFile("./../x/", "", '5') + TarEnd(), "leads out");
  EXPECT_THAT(
      std::string(
          Pack::Open(WriteFile(std::string(2000, '\x1f'))).status().message()),
      ::testing::HasSubstr("not compressed"));
}

TEST_F(BadPack, NothingButRegularFilesIsTaken) {
  for (const char type : {'1', '2', '3', '4', '6'}) {
    EXPECT_FALSE(
        Pack::Open(WriteFile(Manifest() +
                             TarFile("checkpoint", "", type, "manifest.json") +
                             TarEnd()))
            .ok())
        << type;
  }
  const std::string folder = Write(pack_);
  ASSERT_EQ(unlink((folder + "/checkpoint").c_str()), 0);
  ASSERT_EQ(symlink("manifest.json", (folder + "/checkpoint").c_str()), 0);
  ExpectRefused(folder, "not a regular file");
  ASSERT_EQ(unlink((folder + "/checkpoint").c_str()), 0);
  ASSERT_EQ(mkfifo((folder + "/checkpoint").c_str(), 0600), 0);
  ExpectRefused(folder, "not a regular file");
}

TEST_F(BadPack, APathThatComesTwiceIsRefused) {
  ExpectTarRefused(Manifest() + TarFile("checkpoint", "x") +
                       TarFile("checkpoint", "y") + TarEnd(),
                   "twice");
  ExpectTarRefused(Manifest() + Manifest() + TarEnd(), "twice");
  const std::string tile(32, 'x');
  ExpectTarRefused(Manifest() + TarFile("tile/0/000", tile) +
                       TarFile("tile/0/000", tile) + TarEnd(),
                   "twice");
}

TEST_F(BadPack, FilesThatNoPackHasAreRefused) {
  for (const char* const path :
       {"readme.txt", "tile/0/999", "tile/0/000.p/7", "tile/9/000",
        "tile/entries/900", "rows/30/0", "rows/43/00", "checkpoints/x",
        "checkpoints/007", "tile/x", "rows/43/0/1"}) {
    MadePack more = pack_;
    more.files[path] = "x";
    EXPECT_FALSE(Pack::Open(WriteFile(more.Tar())).ok()) << path;
  }
}

TEST_F(BadPack, ClaimsBeyondWhatAPackCanHoldAreRefused) {
  ExpectManifestRefused("tree_size", std::uint64_t{1} << 63, "tree_size");
  ExpectManifestRefused("end_entry", std::uint64_t{1} << 63, "end_entry");
  ExpectManifestRefused("position", UINT64_MAX, "position");
  ExpectManifestRefused("tree_size", -1, "tree_size");
  ExpectManifestRefused("tree_size", 1.5, "tree_size");
  ExpectManifestRefused("tree_size", "700", "tree_size");
  ExpectManifestRefused("origin", 7, "origin");
  ExpectManifestRefused("format", "thon-audit-pack/2", "format");
  ExpectManifestRefused("verifier_key", "x", "verifier_key");
  ExpectManifestRefused("files", "x", "files");
  ExpectManifestRefused("state_roots", "x", "state_roots");
}

TEST_F(BadPack, AManifestThatIsNoneIsRefused) {
  for (const char* const text :
       {"", "{", "[]", "null", "{\"format\":1}", "\xff", "{\"a\":1}x"}) {
    EXPECT_FALSE(
        Pack::Open(WriteFile(TarFile("manifest.json", text) + TarEnd())).ok())
        << text;
  }
  ExpectTarRefused(TarFile("checkpoint", "x") + TarEnd(), "manifest");
  // A member twice: one reader takes the first, another the last.
  for (const char* const member : {"tree_size", "row_count"}) {
    std::string twice = pack_.manifest.dump();
    const std::string name = absl::StrCat("\"", member, "\":");
    twice.insert(twice.find(name), name + "1,");
    ExpectTarRefused(TarFile("manifest.json", twice) + TarEnd(), member);
  }
  ExpectTarRefused(
      TarFile("manifest.json", std::string(5 << 20, ' ')) + TarEnd(),
      "manifest");
  std::string deep(100'000, '[');
  EXPECT_FALSE(
      Pack::Open(WriteFile(TarFile("manifest.json", deep) + TarEnd())).ok());
}

TEST_F(BadPack, ACompressedTarAndOtherFilesAreRefused) {
  EXPECT_FALSE(Pack::Open(WriteFile("\x1f\x8b\x08" + pack_.Tar())).ok());
  EXPECT_FALSE(Pack::Open(WriteFile(std::string(4096, 'x'))).ok());
  EXPECT_FALSE(Pack::Open("/dev/null").ok());
}

TEST_F(BadPack, AHeaderThatTwoReadersCouldReadDifferentlyIsRefused) {
  std::string tar = pack_.Tar();
  tar[100] ^= 1;  // Its checksum is wrong now.
  EXPECT_FALSE(Pack::Open(WriteFile(tar)).ok());
}

}  // namespace
}  // namespace thon::verify
