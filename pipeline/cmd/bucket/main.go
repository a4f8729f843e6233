// Command bucket is a bucket that takes everything and keeps nothing, on a free port of the loopback: `sam package` is tried against it. It
// prints its address and serves until it is ended.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		fmt.Println("http://" + listener.Addr().String())
		server := http.Server{Handler: http.HandlerFunc(take), ReadHeaderTimeout: 10 * time.Second}
		err = server.Serve(listener)
	}
	fmt.Fprintln(os.Stderr, "bucket:", err)
	os.Exit(1)
}

// take answers an upload as S3 does, and the question whether something is there with no.
func take(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("ETag", `"00000000000000000000000000000000"`)
}
