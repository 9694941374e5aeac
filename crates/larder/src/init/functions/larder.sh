larder() {
    case "${1-}" in
    activate | deactivate)
        case " $* " in
        *" -h "* | *" --help "* | *" --json "*) command @LARDER@ "$@" ;;
        *) eval "$(command @LARDER@ "$@" --shell @SHELL@ || printf '(exit %s)' "$?")" ;;
        esac
        ;;
    *) command @LARDER@ "$@" ;;
    esac
}
