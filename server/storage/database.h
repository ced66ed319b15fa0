// The two RocksDB databases of a data directory.
//
//   DATA/log    what cannot be computed: entries, tree, authors. Synced.
//   DATA/rows   what can be computed from it. Not synced; built again if lost.
//   DATA/LOCK   held by the process that has the directory open.
//
// This room is the only one that includes rocksdb/. Bytes: FORMAT.md.
#ifndef THON_STORAGE_DATABASE_H_
#define THON_STORAGE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace thon {

struct StorageOptions {
  std::string directory;
  // Null: the operating system's. Tests crash it and lie about free space.
  std::shared_ptr<rocksdb::FileSystem> file_system;
  std::size_t write_buffer_bytes = 64u << 20;
  std::size_t block_cache_bytes = 128u << 20;
};

}  // namespace thon

#endif  // THON_STORAGE_DATABASE_H_
