package main

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Classes that have no name in the unicode package.
var unnamed = []string{
	`\d`, `\D`, `\s`, `\S`, `\w`, `\W`, `[[:alnum:]]`, `[[:alpha:]]`, `[[:ascii:]]`, `[[:blank:]]`,
	`[[:cntrl:]]`, `[[:digit:]]`, `[[:graph:]]`, `[[:lower:]]`, `[[:print:]]`, `[[:punct:]]`,
	`[[:space:]]`, `[[:upper:]]`, `[[:word:]]`, `[[:xdigit:]]`, `[[:^word:]]`, `.`, `(?s).`, `[^a]`,
	`\p{Any}`, `\p{Assigned}`, `\p{ASCII}`, `[k-s]`, `[^K]`,
}

func tables() error {
	out := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(out, "# Unicode %s: a class, how many ranges of characters it has, and their checksum.\n", unicode.Version)
	text := everything()
	for _, class := range classes() {
		for _, flags := range []string{"", "(?i)"} {
			fmt.Fprintln(out, describe(flags+class, text))
		}
	}
	fmt.Fprintln(out, folding())
	return out.Flush()
}

func classes() []string {
	names := slices.Concat(
		slices.Collect(maps.Keys(unicode.Categories)),
		slices.Collect(maps.Keys(unicode.CategoryAliases)),
		slices.Collect(maps.Keys(unicode.Scripts)),
	)
	slices.Sort(names)
	all := slices.Clone(unnamed)
	for _, name := range names {
		all = append(all, `\p{`+name+`}`)
	}
	return append(all, `\P{Lu}`, `\P{Greek}`)
}

// Every character that a string can hold, in order.
func everything() string {
	var text strings.Builder
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			text.WriteRune(r)
		}
	}
	return text.String()
}

func describe(class, text string) string {
	re, err := regexp.Compile("(?:" + class + ")+")
	if err != nil {
		return class + " refused"
	}
	sum, count := fnv.New64a(), 0
	for _, place := range re.FindAllStringIndex(text, -1) {
		first, _ := utf8.DecodeRuneInString(text[place[0]:])
		last, _ := utf8.DecodeLastRuneInString(text[:place[1]])
		// Surrogates lie between these two, and are in no string.
		if first <= 0xD7FF && last >= 0xE000 {
			fmt.Fprintf(sum, "%x-d7ff,", first)
			first, count = 0xE000, count+1
		}
		fmt.Fprintf(sum, "%x-%x,", first, last)
		count++
	}
	return fmt.Sprintf("%s %d %016x", class, count, sum.Sum64())
}

func folding() string {
	sum, count := fnv.New64a(), 0
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if next := unicode.SimpleFold(r); next != r {
			fmt.Fprintf(sum, "%x>%x,", r, next)
			count++
		}
	}
	return fmt.Sprintf("folding %d %016x", count, sum.Sum64())
}
