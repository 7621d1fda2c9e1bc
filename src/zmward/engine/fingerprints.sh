# Fingerprints of this host's secrets: HMAC-SHA256, of which 32 digits are shown. The
# keys come in this text, which a shell reads from its standard input; they and the
# values go through pipes and the shell's own printf, never through arguments.

# octal: hexadecimal digits as what printf makes bytes of.
octal() {
    awk '{
        digits = "0123456789abcdef"
        for (i = 1; i < length($1); i += 2)
            printf "\\0%03o", 16 * (index(digits, substr($1, i, 1)) - 1) \
                + index(digits, substr($1, i + 1, 1)) - 1
    }'
}

# seal INNER OUTER: the fingerprint of what stands on standard input.
seal() {
    inner=$({ printf '%b' "$1"; cat; } | sha256sum | octal)
    printf '%b' "$2$inner" | sha256sum | cut -c 1-32
}

# secrets_of BASE SCOPE FILTER: the secrets of entries, each with its DN.
secrets_of() {
    { search "$1" "$2" "$3" '*' || printf 'zmward-ends-early: yes\n'; } | awk '
        tolower($0) ~ /^(dn|zmward-ends-early)::? / { print; next }
        match($0, /^[A-Za-z][A-Za-z0-9;_-]*::? /) {
            name = tolower(substr($0, 1, RLENGTH))
            sub(/[;:].*$/, "", name)
            if (name ~ /@SECRET_ENDING@/ && name !~ /@NO_SECRET@/) print
        }' | while IFS= read -r line; do
            case $line in
                dn:*) dn=${line#dn:}; dn=${dn# }; continue ;;
                zmward-ends-early:*) return 1 ;;
            esac
            printf 'D\t%s\t%s\t' "$dn" "${line%%:*}"
            # A value may hold two colons itself.
            case ${line#"${line%%:*}"} in
                ::\ *) printf '%s' "${line#*:: }" | base64 -d ;;
                *) printf '%s' "${line#*: }" ;;
            esac | seal "$shared_inner" "$shared_outer"
        done
}

ask_fingerprints_directory() {
    secrets_of cn=config,cn=zimbra base '(objectClass=*)' &&
        secrets_of cn=servers,cn=zimbra one '(objectClass=zimbraServer)' &&
        secrets_of cn=cos,cn=zimbra one '(objectClass=zimbraCOS)' &&
        secrets_of '' sub '(objectClass=zimbraDomain)'
}

# The file's own spelling of a value is sealed: zmlocalconfig writes one in one way.
ask_fingerprints_node() {
    content "$localconfig" | awk 'BEGIN { RS = "<" }
        /^key[ \t\r\n]/ {
            key = $0
            sub(/^[^"\047]*["\047]/, "", key)
            sub(/["\047].*$/, "", key)
        }
        /^value>/ && tolower(key) ~ /@SECRET_KEY@/ && key ~ /^[A-Za-z0-9_.-]+$/ {
            sub(/^value>/, "")
            gsub(/[\r\n]/, " ")
            print key " " $0
        }' | while IFS= read -r line; do
            printf 'L\t%s\t' "${line%% *}"
            printf '%s' "${line#* }" | seal "$own_inner" "$own_outer"
        done
    for file in @TEXTS@; do
        [ -f "$file" ] || continue
        case $file in *[[:cntrl:]]*) continue ;; esac
        text=$(content "$file" 2>/dev/null | seal "$own_inner" "$own_outer")
        printf 'T\t%s\t%s\n' "$file" "$text"
    done
}
