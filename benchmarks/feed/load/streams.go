// The two ways of a feed: a WebSocket (RFC 6455, as far as a client that gets whole messages needs it) and a
// long HTTP response with a frame a line.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

const (
	text, binaryData, closing, ping, pong = 1, 2, 8, 9, 10
	// Credit beyond the first 1,000, and how often it is topped up.
	ahead, topUp = 4_000, 1_000
	bufferBytes  = 16 << 10
)

func dial(p *plan, w wish, extra string) (net.Conn, *http.Response, *bufio.Reader, error) {
	conn, err := net.Dial("tcp", p.Address)
	if err != nil {
		return nil, nil, nil, err
	}
	var ask strings.Builder
	fmt.Fprintf(&ask, "GET %s HTTP/1.1\r\nHost: %s\r\n%s", w.Path, p.Address, extra)
	for name, value := range w.Headers {
		fmt.Fprintf(&ask, "%s: %s\r\n", name, value)
	}
	if _, err := io.WriteString(conn, ask.String()+"\r\n"); err != nil {
		return nil, nil, nil, err
	}
	in := bufio.NewReaderSize(conn, bufferBytes)
	answer, err := http.ReadResponse(in, nil)
	return conn, answer, in, err
}

func overResponse(r *reader, p *plan, w wish) error {
	conn, answer, _, err := dial(p, w, "Accept: application/x-ndjson\r\n")
	if err != nil {
		return err
	}
	defer conn.Close()
	if answer.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(make([]byte, bufferBytes), 1<<20)
	for lines.Scan() {
		if r.take(lines.Bytes(), readJSON); r.finished(w) {
			return nil
		}
	}
	return lines.Err()
}

func overSocket(r *reader, p *plan, w wish) error {
	offer := "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	if !p.Bare {
		offer += "Sec-WebSocket-Protocol: vouch.feed.v1+" + p.Form + "\r\n"
	}
	conn, answer, in, err := dial(p, w, offer)
	if err != nil {
		return err
	}
	defer conn.Close()
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return errors.New(answer.Status)
	}
	if p.Bare {
		r.open(nil)
	} else if err := credit(conn, p.Form, ahead); err != nil {
		return err
	}
	read := readJSON
	if p.Form == "proto" {
		read = readProto
	}
	return r.listen(conn, in, p, w, read)
}

func (r *reader) listen(conn net.Conn, in *bufio.Reader, p *plan, w wish, read parse) error {
	var message []byte
	for {
		kind, body, err := frame(in, message)
		if err != nil {
			return err
		}
		message = body[:0]
		switch kind {
		case closing:
			if len(body) < 2 {
				return errors.New("closed")
			}
			return fmt.Errorf("closed %d", binary.BigEndian.Uint16(body))
		case ping:
			if err := send(conn, pong, body); err != nil {
				return err
			}
		case text, binaryData:
			if !r.take(body, read) || p.Bare {
				continue
			}
			if r.finished(w) {
				return nil
			}
			if r.Count%topUp == 0 {
				if err := credit(conn, p.Form, topUp); err != nil {
					return err
				}
			}
		}
	}
}

func (r *reader) finished(w wish) bool {
	r.done = r.done || (w.Until > 0 && r.Last >= w.Until)
	return r.done
}

// frame reads one whole message; the server's frames carry no mask.
func frame(in *bufio.Reader, body []byte) (byte, []byte, error) {
	head, err := in.Peek(2)
	if err != nil {
		return 0, nil, err
	}
	kind, size, start := head[0]&0x0f, int(head[1]&0x7f), 2
	if head[0]&0x80 == 0 || head[1]&0x80 != 0 {
		return 0, nil, errors.New("a part of a message, or a masked one")
	}
	switch size {
	case 126:
		start = 4
	case 127:
		start = 10
	}
	if head, err = in.Peek(start); err != nil {
		return 0, nil, err
	}
	switch start {
	case 4:
		size = int(binary.BigEndian.Uint16(head[2:]))
	case 10:
		size = int(binary.BigEndian.Uint64(head[2:]))
	}
	if _, err = in.Discard(start); err != nil {
		return 0, nil, err
	}
	if cap(body) < size {
		body = make([]byte, size)
	}
	_, err = io.ReadFull(in, body[:size])
	return kind, body[:size], err
}

// send writes a short message; its mask is zero, which leaves the bytes as they are.
func send(conn net.Conn, kind byte, body []byte) error {
	_, err := conn.Write(append([]byte{0x80 | kind, 0x80 | byte(len(body)), 0, 0, 0, 0}, body...))
	return err
}

func credit(conn net.Conn, form string, n uint64) error {
	if form == "proto" {
		inner := binary.AppendUvarint([]byte{1 << 3}, n)
		return send(conn, binaryData, append([]byte{2<<3 | 2, byte(len(inner))}, inner...))
	}
	return send(conn, text, fmt.Appendf(nil, `{"frame":"credit","n":%d}`, n))
}
