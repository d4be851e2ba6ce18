// Reads feeds as they come and notes which record reached which reader when: the clients' side of the figures.
//
// A plan, one line of JSON, comes on standard input. When every reader is open, a line says so. Reading ends with
// each reader's last record or, when a second line has said how many all want together, soon after so many have
// come or when the time is over. Then what each reader saw is written as one line of JSON,
// and the moments (reader, number, nanoseconds since 1970, each 8 bytes, little-endian) into the plan's file.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

type wish struct {
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	// The last number wanted; 0: read until told to stop.
	Until int64 `json:"until"`
}

type plan struct {
	Address string `json:"address"`
	// json, proto or ndjson.
	Form string `json:"form"`
	// No welcome comes: the handshake is all.
	Bare   bool   `json:"bare"`
	AtOnce int    `json:"at_once"`
	Out    string `json:"out"`
	Wishes []wish `json:"readers"`
}

type ending struct {
	Wanted  int64   `json:"wanted"`
	WithinS float64 `json:"within_s"`
}

// What comes after all that is wanted would be doubled.
const grace = 100 * time.Millisecond

var total atomic.Int64

type arrival struct{ number, ns int64 }

type reader struct {
	Count   int64  `json:"count"`
	First   int64  `json:"first"`
	Last    int64  `json:"last"`
	Gaps    int64  `json:"gaps"`
	Doubled int64  `json:"doubled"`
	Ended   string `json:"ended"`

	seen []arrival
	open func(error)
	done bool
}

// note takes in a record. `prev` is the number before it on this part: any other one than ours is a gap.
func (r *reader) note(number, prev int64) {
	switch {
	case r.Count == 0:
		r.First = number
	case number <= r.Last:
		r.Doubled++
	case prev != r.Last:
		r.Gaps++
	}
	r.Count++
	if number > r.Last {
		r.Last = number
	}
	r.seen = append(r.seen, arrival{number, time.Now().UnixNano()})
	total.Add(1)
}

func (r *reader) follow(p *plan, w wish) {
	way := overSocket
	if p.Form == "ndjson" {
		way = overResponse
	}
	err := way(r, p, w)
	if err != nil && !r.done {
		r.Ended = err.Error()
	}
	r.open(err)
}

func openAll(p *plan) ([]*reader, *sync.WaitGroup) {
	var opened, ended sync.WaitGroup
	places := make(chan struct{}, max(1, p.AtOnce))
	readers := make([]*reader, len(p.Wishes))
	for i, w := range p.Wishes {
		places <- struct{}{}
		opened.Add(1)
		ended.Add(1)
		var once sync.Once
		r := &reader{open: func(error) { once.Do(func() { <-places; opened.Done() }) }}
		readers[i] = r
		go func() { defer ended.Done(); r.follow(p, w) }()
	}
	opened.Wait()
	return readers, &ended
}

func write(path string, readers []*reader) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 1<<20)
	for i, r := range readers {
		for _, one := range r.seen {
			if err := binary.Write(out, binary.LittleEndian, [3]int64{int64(i), one.number, one.ns}); err != nil {
				return err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return file.Close()
}

func awaitAll(input *bufio.Reader) {
	end := ending{}
	line, err := input.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &end)
	}
	until := time.Now().Add(time.Duration(end.WithinS * float64(time.Second)))
	for err == nil && total.Load() < end.Wanted && time.Now().Before(until) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(grace)
}

func main() {
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	line, err := input.ReadBytes('\n')
	p := &plan{}
	if err == nil {
		err = json.Unmarshal(line, p)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "no plan:", err)
		os.Exit(2)
	}
	began := time.Now()
	readers, ended := openAll(p)
	fmt.Printf("{\"open\": %d, \"seconds\": %f}\n", len(readers), time.Since(began).Seconds())
	over := make(chan struct{}, 2)
	go func() { awaitAll(input); over <- struct{}{} }()
	go func() { ended.Wait(); over <- struct{}{} }()
	<-over
	found, _ := json.Marshal(readers)
	if err := write(p.Out, readers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("{\"began_ns\": %d, \"readers\": %s}\n", began.UnixNano(), found)
}
