function global:larder {
    $changes = $args.Count -gt 0 -and $args[0] -in 'activate', 'deactivate'
    if (-not $changes -or $args -contains '-h' -or $args -contains '--help' -or $args -contains '--json') {
        & @LARDER@ @args
        return
    }
    $script = & @LARDER@ @args --shell powershell | Out-String
    if ($LASTEXITCODE -eq 0) { Invoke-Expression $script }
}
