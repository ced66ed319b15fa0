// An answer that is sent in pieces, and the part that makes it.
//
// Words: the browser is gone when its connection broke or ended, when it did
// not read for too long, or when the server stops.
#ifndef THON_HTTP_HTTP_STREAM_H_
#define THON_HTTP_HTTP_STREAM_H_

#include <functional>
#include <memory>
#include <string>

#include "server/http/http_handler.h"

namespace thon {

// One answer: Answer() alone; or Start(), any number of Write(), then End() or
// Abort(). What is called after the browser is gone does nothing.
//
// Thread-safety: may be called from any thread, one call at a time, also while
// `written` is being called.
class HttpStream {
 public:
  virtual ~HttpStream() = default;

  virtual void Answer(HttpResponse response) = 0;

  virtual void Start(int status, HttpHeaders headers) = 0;
  // Sends a piece (not empty). Calls `written` once: true when the socket has
  // taken it all, false when the browser is gone; on a thread of the server's,
  // or within Write() when that has stopped. Requires: the last piece has been
  // written.
  virtual void Write(std::string piece, std::function<void(bool)> written) = 0;
  virtual void End() = 0;
  // Breaks the connection off, so that the answer cannot look complete.
  virtual void Abort() = 0;
};

// What answers in pieces. Thread-safety: any thread.
class HttpStreamHandler {
 public:
  virtual ~HttpStreamHandler() = default;

  // Whether this request is for this handler.
  virtual bool Takes(const HttpRequest& request) const = 0;

  // Answers on `stream`, now or later, on any thread; must not block. What it
  // returns is called at most once, on a thread of the server's, when the
  // browser is gone before End(); then the answer need not be ended.
  virtual std::function<void()> Serve(HttpRequest request,
                                      std::shared_ptr<HttpStream> stream) = 0;
};

}  // namespace thon

#endif  // THON_HTTP_HTTP_STREAM_H_
