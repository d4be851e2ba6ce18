package feed

import (
	"bufio"
	"errors"
	"io"
)

// maxLine bounds the memory that one line may take, in bytes without its end. A record has a few kilobytes.
const maxLine = 1 << 20

var errLongLine = errors.New("feed: line too long")

// lineReader splits a stream into its lines without ever holding more than one of them.
type lineReader struct {
	in    *bufio.Reader
	most  int
	start []byte // what of a line is longer than the buffer
}

func newLineReader(in io.Reader, most int) *lineReader {
	return &lineReader{in: bufio.NewReaderSize(in, 64<<10), most: most}
}

// next gives the next whole line without its newline, valid until the next call. It returns io.EOF at the clean end
// of the stream after a whole line, io.ErrUnexpectedEOF after a part of one, errLongLine for one longer than allowed,
// and otherwise the stream's own error.
func (r *lineReader) next() ([]byte, error) {
	r.start = r.start[:0]
	for {
		piece, err := r.in.ReadSlice('\n')
		if err == nil {
			piece = piece[:len(piece)-1]
		}
		if len(r.start)+len(piece) > r.most {
			return nil, errLongLine
		}
		switch {
		case err == nil && len(r.start) == 0:
			return piece, nil
		case err == nil:
			r.start = append(r.start, piece...)
			return r.start, nil
		case err != bufio.ErrBufferFull:
			return nil, r.cut(err, len(piece))
		}
		r.start = append(r.start, piece...)
	}
}

func (r *lineReader) cut(err error, piece int) error {
	if err == io.EOF && len(r.start)+piece > 0 {
		return io.ErrUnexpectedEOF
	}
	return err
}
