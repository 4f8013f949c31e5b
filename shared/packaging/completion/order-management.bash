# shellcheck shell=bash
# Completion of order-api and order-worker for bash. Which flags and commands there are, and which
# values a flag takes, it reads from the program's own --help.

# The words of the help of program $1 that the pattern $2 of sed finds.
_order_management_words() {
    "$1" --help 2>/dev/null | sed -nE "$2"
}

_order_management() {
    local program=$1 current=$2 previous=$3 words
    COMPREPLY=()
    case $previous in
        --*)
            # The line of its help that begins with "one of" has the choices.
            words=$(_order_management_words "$program" \
                "/^  $previous VALUE/,/environment/s/^      one of ([^;]*);.*/\1/p")
            if [[ -n $words ]]; then
                mapfile -t COMPREPLY < <(compgen -W "${words//,/ }" -- "${current^^}")
                ((${#COMPREPLY[@]})) || mapfile -t COMPREPLY < <(compgen -W "${words//,/ }" -- "$current")
                return
            fi
            [[ $previous != --help && $previous != --version ]] || return
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
    esac
    if [[ $current == -* ]]; then
        words=$(_order_management_words "$program" 's/^  (-h, )?(--[a-z-]+).*/\2/p; s/^  [a-z]+ (--[a-z]+) [A-Z]+ (--[a-z]+) .*/\1 \2/p')
    elif ((COMP_CWORD == 1)); then
        words=$(_order_management_words "$program" 's/^  ([a-z]+)( .*)?$/\1/p')
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -o filenames -F _order_management order-api order-worker
