// admission says whom the engines' own code lets in.
//
//	admission pairs FILE    compares: one JSON line for each declaration and certificate with somebody else's answer
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
	default:
		err = fmt.Errorf("usage: admission pairs FILE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "admission:", err)
		os.Exit(1)
	}
}
