package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

const (
	// A line holds a pattern and a text, each of which may be long.
	lineBytesMax = 16 << 20
	// So many are shown; all are counted.
	shownMax = 20
)

// Somebody else's answer: an error, or a match, or neither with the limit that was hit.
type pair struct {
	Pattern string `json:"pattern"`
	Text    string `json:"text"`
	Error   string `json:"error,omitempty"`
	Match   *bool  `json:"match,omitempty"`
	Limit   string `json:"limit,omitempty"`
}

type disagreement struct {
	Theirs pair   `json:"theirs"`
	Go     answer `json:"go"`
}

type answer struct {
	Error string `json:"error,omitempty"`
	Match *bool  `json:"match,omitempty"`
}

type summary struct {
	Pairs         int            `json:"pairs"`
	Refused       int            `json:"refused"`
	Matched       int            `json:"matched"`
	Unmatched     int            `json:"unmatched"`
	Limits        int            `json:"limits"`
	Disagreements int            `json:"disagreements"`
	Shown         []disagreement `json:"shown"`
}

func pairs(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, lineBytesMax)
	total := summary{Shown: []disagreement{}}
	for lines.Scan() {
		var theirs pair
		if err := json.Unmarshal(lines.Bytes(), &theirs); err != nil {
			return fmt.Errorf("pair %d: %w", total.Pairs+1, err)
		}
		total.compare(theirs)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(total)
}

func (s *summary) compare(theirs pair) {
	s.Pairs++
	ours := ask(theirs.Pattern, theirs.Text)
	switch {
	case ours.Error != "":
		s.Refused++
	case *ours.Match:
		s.Matched++
	default:
		s.Unmatched++
	}
	// A limit is an answer only where Go accepts the pattern.
	if theirs.Limit != "" && ours.Error == "" {
		s.Limits++
		return
	}
	same := theirs.Limit == "" && theirs.Error == ours.Error && (theirs.Match == nil) == (ours.Match == nil) &&
		(theirs.Match == nil || *theirs.Match == *ours.Match)
	if same {
		return
	}
	s.Disagreements++
	if len(s.Shown) < shownMax {
		s.Shown = append(s.Shown, disagreement{theirs, ours})
	}
}

func ask(pattern, text string) answer {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return answer{Error: err.Error()}
	}
	match := re.MatchString(text)
	return answer{Match: &match}
}
