// gomatch says what Go's own regexp package says.
//
//	gomatch pairs FILE    compares: one JSON line for each pattern and text with somebody else's answer
//	gomatch tables        prints a checksum of every class and script, and of all case folding
package main

import (
	"fmt"
	"os"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "pairs":
		err = pairs(os.Args[2])
	case len(os.Args) == 2 && os.Args[1] == "tables":
		err = tables()
	default:
		err = fmt.Errorf("usage: gomatch pairs FILE | gomatch tables")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gomatch:", err)
		os.Exit(1)
	}
}
