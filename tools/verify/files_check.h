// The files of a pack against its manifest, and files that other packs give
// again.
#ifndef THON_TOOLS_VERIFY_FILES_CHECK_H_
#define THON_TOOLS_VERIFY_FILES_CHECK_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "tools/verify/findings.h"
#include "tools/verify/pack_set.h"

namespace thon::verify {

// Every file that the manifest lists is there with its size and hash, and every
// file it must list is listed.
void CheckFiles(const Pack& pack, Findings* findings);

// Bundles of `pack` that another pack gives too, and that are therefore not
// read for their entries, against the pack's own tiles.
void CheckSpareBundles(const PackSet& packs, const Pack& pack,
                       Findings* findings);

// That checkpoints/<size> is a checkpoint of that size.
void CheckOlderName(std::uint64_t size, absl::string_view note,
                    const std::string& file, Findings* findings);

// Packs without entries of their own: nothing else looks at what they say.
void CheckEmptyOnes(const PackSet& packs, Findings* findings);

}  // namespace thon::verify

#endif  // THON_TOOLS_VERIFY_FILES_CHECK_H_
